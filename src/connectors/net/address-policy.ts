/** Where connections may lead: every outgoing call, of whatever protocol, is judged here. */
import { lookup as resolveName } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { RemoteError } from '../../errors.ts'
import { NetworkList } from './network-list.ts'
import { isNeverAllowed, isPublicAddress, nat64Target } from './special-addresses.ts'

export interface AddressPolicyOptions {
  /** HANVISA_ALLOW_PRIVATE_TARGETS: http and every address. */
  readonly allowPrivateTargets: boolean
  /** HANVISA_ALLOWED_NETWORKS, as CIDR: reached by https as public addresses are. */
  readonly allowedNetworks: readonly string[]
  /** As `dns.lookup`. */
  readonly resolve?: typeof resolveName
}

/**
 * A connection is judged twice: its host before anything is resolved (an address written as such never comes to `lookup`), and
 * every address that the name has, in the very resolution that the connection uses. There is no second one to rebind.
 */
export class AddressPolicy {
  /** Whether calls may go without TLS. */
  readonly allowsHttp: boolean
  readonly #isUnrestricted: boolean
  readonly #allowed: NetworkList
  readonly #resolve: typeof resolveName

  constructor({ allowPrivateTargets, allowedNetworks, resolve = resolveName }: AddressPolicyOptions) {
    this.allowsHttp = allowPrivateTargets
    this.#isUnrestricted = allowPrivateTargets
    this.#allowed = new NetworkList(allowedNetworks)
    this.#resolve = resolve
  }

  /** Of an address, or of a name before it is resolved; `host` is without brackets. Null: nothing is wrong so far. */
  refusalOf(host: string): RemoteError | null {
    if (this.#isUnrestricted) return null
    if (isIP(host) !== 0) return this.#isAllowed(host) ? null : refusedAddress(host, isNeverAllowed(host))
    return isOwnName(host) ? refusedAddress(host, true) : null
  }

  /** For `net.connect`, `tls.connect` and undici. Fails where one of the addresses of the name may not be connected to. */
  readonly lookup: LookupFunction = (name, options, done) => {
    this.#resolve(name, { ...options, all: true }, (error, addresses) => {
      const first = addresses?.[0]
      const refusal = error ? null : this.#refusalAmong(name, addresses)
      if (error || first === undefined) done(error ?? new Error(`${name} has no address`), [])
      else if (refusal !== null) done(refusal, [])
      else if (options.all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }

  /**
   * Before a proxy is asked for a tunnel. The proxy resolves the name itself, so its own rules are what holds; refused is what
   * this machine knows to lead where no connection may. A name that this machine cannot resolve is the proxy's to judge.
   */
  async checkBehindProxy(host: string): Promise<void> {
    const refusal = this.refusalOf(host) ?? (await this.#refusalOfName(host))
    if (refusal !== null) throw refusal
  }

  #refusalOfName(host: string): Promise<RemoteError | null> {
    if (this.#isUnrestricted || isIP(host) !== 0) return Promise.resolve(null)
    return new Promise((settle) => {
      this.#resolve(host, { all: true }, (error, addresses) => {
        settle(error ? null : this.#refusalAmong(host, addresses))
      })
    })
  }

  #refusalAmong(name: string, addresses: readonly { readonly address: string }[]): RemoteError | null {
    if (this.#isUnrestricted) return null
    const refused = addresses.find(({ address }) => !this.#isAllowed(address))
    return refused === undefined ? null : refusedAddress(name, isNeverAllowed(refused.address))
  }

  #isAllowed(address: string): boolean {
    const target = nat64Target(address) ?? address
    if (isNeverAllowed(target)) return false
    return isPublicAddress(target) || this.#allowed.has(target)
  }
}

/** For calls to what the caller of a command on this machine names. */
export const anyAddress = new AddressPolicy({ allowPrivateTargets: true, allowedNetworks: [] })

/** Without the brackets of an IPv6 address in a URL. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/**
 * Names by which a machine reaches itself (RFC 6761 section 6.3), or its cloud's metadata. They are refused by name for the
 * sake of proxies, which may resolve what this machine cannot.
 */
function isOwnName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.+$/, '')
  return /(^|\.)localhost$/.test(name) || metadataNames.has(name)
}

const metadataNames: ReadonlySet<string> = new Set([
  'metadata.google.internal', // cloud.google.com/compute/docs/metadata/querying-metadata
  'metadata.goog',
  'metadata',
  'instance-data', // docs.aws.amazon.com/AWSEC2, "Use IMDS"
  'instance-data.ec2.internal',
  'metadata.azure.internal',
  'metadata.tencentyun.com', // tencentcloud.com/document/product/213/4934
  'metadata.platformequinix.com', // deploy.equinix.com/developers/docs/metal/server-metadata/metadata
  'metadata.packet.net',
  'rancher-metadata'
])

/** The address that a name has is not shown: whoever enters names could read the installation's own DNS by it. */
function refusedAddress(host: string, never: boolean): RemoteError {
  const remedy = never
    ? 'this machine itself and the services of the cloud around it are not reached by connections: correct the address (for a trial on one machine: HANVISA_ALLOW_PRIVATE_TARGETS=1).'
    : 'connections lead to public addresses and to the networks in HANVISA_ALLOWED_NETWORKS: correct the address, or have the network added there (HANVISA_ALLOW_PRIVATE_TARGETS=1 opens all).'
  return new RemoteError('unreachable', `${host} is no public address, or leads to none; ${remedy}`)
}
