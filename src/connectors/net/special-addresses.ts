/** Which addresses are on the public internet, and which no network of the installation's own can hold. */
import { isIP } from 'node:net'
import { addressBytes } from './address-bytes.ts'
import { NetworkList } from './network-list.ts'

/** False for what is no address at all, and for one with a zone (`fe80::1%eth0`), which is of this machine's own links. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0 || address.includes('%') || isIsatap(address) || special.has(address)) return false
  return family === 4 || globalUnicast.has(address)
}

/**
 * Addresses that HANVISA_ALLOWED_NETWORKS does not open: this machine itself, the cloud that it runs in, and forms of IPv6
 * that carry an IPv4 address, which is to be written as such.
 */
export function isNeverAllowed(address: string): boolean {
  return isIP(address) === 0 || address.includes('%') || isIsatap(address) || never.has(address)
}

/** The IPv4 address behind one of NAT64's well-known prefix (RFC 6052 section 2.1: the last four bytes); else null. */
export function nat64Target(address: string): string | null {
  if (isIP(address) !== 6 || address.includes('%') || !nat64.has(address)) return null
  return addressBytes(address)?.slice(-4).join('.') ?? null
}

/**
 * RFC 5214 section 6.1: an interface identifier 0000:5efe or 0200:5efe and then an IPv4 address, under any prefix. The bits
 * "universal" and "group" of RFC 4291 section 2.5.1 may be either.
 */
function isIsatap(address: string): boolean {
  const bytes = addressBytes(address)
  if (bytes?.length !== 16) return false
  return ((bytes[8] ?? 0) & 0xfc) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
}

/** iana.org/assignments/ipv6-address-space: all else is not handed out, or is listed in `never` or IANA's special registry. */
const globalUnicast = new NetworkList(['2000::/3'])

/** RFC 6052. */
const nat64 = new NetworkList(['64:ff9b::/96'])

/** This machine itself: iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. */
const ownMachine = [
  '0.0.0.0/8', // "This network", RFC 791: Linux connects 0.0.0.0 to loopback.
  '127.0.0.0/8', // Loopback, RFC 1122.
  '::/128', // Unspecified, RFC 4291.
  '::1/128', // Loopback, RFC 4291.
  '169.254.0.0/16', // Link-local, RFC 3927: the metadata service of AWS, Azure, Google, Oracle, OpenStack and others.
  'fe80::/10' // Link-local, RFC 4291: OpenStack's metadata service is fe80::a9fe:a9fe.
]

/** Multicast (RFC 5771, RFC 4291), reserved and limited broadcast (RFC 1112, RFC 919). */
const noHost = ['224.0.0.0/4', '240.0.0.0/4', 'ff00::/8']

/** What clouds serve to the machines in them, outside link-local. */
const cloudServices = [
  '168.63.129.16/32', // Azure's wire server: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  '100.100.100.200/32', // Alibaba: alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
  '192.0.0.192/32', // Oracle Cloud Infrastructure (classic): docs.oracle.com/en/cloud/iaas/compute-iaas-cloud, "Retrieving Instance Metadata"
  'fd00:ec2::/32', // AWS: ::254 metadata, ::23 Pod Identity, ::253 DNS, ::123 time: docs.aws.amazon.com/AWSEC2, "IMDS"
  'fd20:ce::254/128', // Google: cloud.google.com/compute/docs/metadata/querying-metadata
  'fd00:42::42/128' // Scaleway: scaleway.com/en/docs/instances/how-to/use-metadata
]

/** IPv6 that stands for an IPv4 address. */
const embeddedIpv4 = [
  '::/96', // IPv4-compatible, deprecated: RFC 4291 section 2.5.5.1.
  '::ffff:0:0/96', // IPv4-mapped: RFC 4291 section 2.5.5.2.
  '::ffff:0:0:0/96', // IPv4-translated: RFC 2765 section 2.1.
  '64:ff9b:1::/48', // Translation of one's own choice: RFC 8215.
  '2001::/32', // Teredo: RFC 4380.
  '2002::/16' // 6to4: RFC 3056.
]

const never = new NetworkList([...ownMachine, ...noHost, ...cloudServices, ...embeddedIpv4])

/** Not globally reachable by iana.org/assignments/iana-ipv4-special-registry, and what clouds keep for themselves. */
const special = new NetworkList([
  ...ownMachine,
  ...noHost,
  ...cloudServices,
  ...embeddedIpv4,
  '10.0.0.0/8', // Private use, RFC 1918.
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10', // Shared address space, RFC 6598.
  '192.0.0.0/24', // IETF protocol assignments, RFC 6890.
  '192.0.2.0/24', // Documentation, RFC 5737.
  '198.51.100.0/24',
  '203.0.113.0/24',
  '192.88.99.0/24', // 6to4 relay anycast, deprecated: RFC 7526.
  '198.18.0.0/15', // Benchmarking, RFC 2544.
  '161.26.0.0/16', // IBM Cloud's infrastructure and service endpoints: cloud.ibm.com/docs/vpc, "Service endpoints for VPC".
  '166.8.0.0/14',
  // iana-ipv6-special-registry, within 2000::/3.
  '2001::/23', // IETF protocol assignments, RFC 2928: Teredo, benchmarking (2001:2::/48), ORCHID (2001:10::/28, 2001:20::/28).
  '2001:db8::/32', // Documentation, RFC 3849.
  '3fff::/20' // Documentation, RFC 9637.
])
