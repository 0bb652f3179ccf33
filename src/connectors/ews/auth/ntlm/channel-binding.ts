/** Binds a sign-in to its TLS connection, so that no host in between can relay it (RFC 5929). */
import { createHash } from 'node:crypto'
import { context, DerFault, derTag, readDer, readDerValue } from './der.ts'

/** `certificate` is the server's, in DER. Sixteen bytes, as MsvAvChannelBindings takes them. */
export function channelBinding(certificate: Buffer): Buffer {
  return bindingOver(createHash(hashFor(certificate)).update(certificate).digest())
}

/** `hash` is the certificate's. */
export function bindingOver(hash: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from('tls-server-end-point:', 'latin1'), hash])
  // gss_channel_bindings_struct (RFC 2744 section 3.11) without addresses, as MS-NLMP section 2.2.2.1 hashes it.
  const head = Buffer.alloc(20)
  head.writeUInt32LE(data.length, 16)
  return createHash('md5').update(head).update(data).digest()
}

/** RFC 5929 section 4.1: the hash of the certificate's own signature, SHA-256 in place of MD5 and SHA-1. */
function hashFor(certificate: Buffer): string {
  try {
    const [, algorithm] = readDer(readDerValue(certificate, derTag.sequence))
    const [oid, parameters] = readDer(algorithm?.content ?? Buffer.alloc(0))
    const name = oid?.content.toString('hex') ?? ''
    if (name === rsaPss) return pssHash(parameters?.content) ?? 'sha256'
    return bySignature[name] ?? 'sha256'
  } catch (error) {
    // TLS has taken it for a certificate, so this is none that RFC 5929 provides for.
    if (error instanceof DerFault) return 'sha256'
    throw error
  }
}

/** RFC 4055 section 3.1: the hash stands in `[0]`, and is SHA-1 where it does not. */
function pssHash(parameters: Buffer | undefined): string | undefined {
  const first = readDer(parameters ?? Buffer.alloc(0)).find(({ tag }) => tag === context(0))
  if (first === undefined) return undefined
  const [oid] = readDer(readDerValue(first.content, derTag.sequence))
  return byHash[oid?.content.toString('hex') ?? '']
}

/** Object identifiers in DER. Any that is missing (MD5, SHA-1, Ed25519) hashes with SHA-256. */
const rsaPss = '2a864886f70d01010a'
const bySignature: Readonly<Record<string, string>> = {
  // sha384, sha512 and sha224WithRSAEncryption (RFC 4055)
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  // ecdsa-with-SHA224, SHA384 and SHA512 (RFC 5758)
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512'
}
const byHash: Readonly<Record<string, string>> = {
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
  '608648016503040204': 'sha224'
}
