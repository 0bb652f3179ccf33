/** Certificates of every kind that a server may show: signed with what, for whom, since when, by whom. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export interface ServerCertificate {
  /** PEM. */
  readonly certificate: string
  readonly key: string
  /** PEM of what signed it: itself when it is self-signed. */
  readonly signer: string
}

const day = 86_400_000
const rsa = { publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 }

export const kinds = {
  'ECDSA, SHA-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ECDSA, SHA-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'ECDSA, SHA-512': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-512' },
  'RSA, SHA-1': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1', ...rsa },
  'RSA, SHA-256': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', ...rsa },
  'RSA, SHA-384': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384', ...rsa },
  'RSA-PSS, SHA-512': { name: 'RSA-PSS', hash: 'SHA-512', saltLength: 64, ...rsa },
  'RSA-PSS, SHA-1': { name: 'RSA-PSS', hash: 'SHA-1', saltLength: 20, ...rsa }
} as const

export async function certificateOf(options: {
  kind?: keyof typeof kinds
  names?: readonly string[]
  /** Days from now. */
  from?: number
  until?: number
  /** By an authority made for it; else by itself. */
  signed?: boolean
}): Promise<ServerCertificate> {
  const algorithm = kinds[options.kind ?? 'ECDSA, SHA-256']
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const names = options.names ?? ['localhost', '127.0.0.1']
  const shared = {
    notBefore: new Date(Date.now() + (options.from ?? -1) * day),
    notAfter: new Date(Date.now() + (options.until ?? 1) * day),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: /^\d/.test(value) ? ('ip' as const) : ('dns' as const), value }))
      )
    ]
  }
  const key = await pemOf(keys.privateKey)
  if (options.signed !== true) {
    const own = await x509.X509CertificateGenerator.createSelfSigned({
      ...shared,
      name: `CN=${names[0]}`,
      keys
    })
    return { certificate: own.toString('pem'), key, signer: own.toString('pem') }
  }
  const above = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    name: 'CN=Private authority',
    keys: above,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)]
  })
  const certificate = await x509.X509CertificateGenerator.create({
    ...shared,
    subject: `CN=${names[0]}`,
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: above.privateKey
  })
  return { certificate: certificate.toString('pem'), key, signer: authority.toString('pem') }
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`
}
