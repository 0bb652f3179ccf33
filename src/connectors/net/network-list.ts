/** A list of networks in CIDR. */
import { BlockList, isIP } from 'node:net'

/** One BlockList for each family: a list of both holds every IPv4 address as soon as it has `::ffff:0:0/96` (Node 20 and 24). */
export class NetworkList {
  readonly #ipv4 = new BlockList()
  readonly #ipv6 = new BlockList()

  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/')
      if (isIP(address) === 4) this.#ipv4.addSubnet(address, Number(bits), 'ipv4')
      else this.#ipv6.addSubnet(address, Number(bits), 'ipv6')
    }
  }

  /** False for what is no address. */
  has(address: string): boolean {
    const family = isIP(address)
    if (family === 4) return this.#ipv4.check(address, 'ipv4')
    return family === 6 && this.#ipv6.check(address, 'ipv6')
  }
}
