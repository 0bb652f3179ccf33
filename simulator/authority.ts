/** A private certificate authority, generated at every start, and what it and others sign. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator
} from '@peculiar/x509'

/** PEM. */
export interface KeyPair {
  readonly certificate: string
  readonly privateKey: string
}

export interface SimulatorAuthority {
  /** PEM: what a client must trust. */
  readonly ca: string
  readonly server: KeyPair
}

/** Elliptic: made in a millisecond, and cheap in every handshake. */
const elliptic = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** Entra takes RSA alone for client assertions. */
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048
}
const day = 86_400_000

/** The authority and a certificate for this machine by every name that it has for itself. */
export async function createSimulatorAuthority(): Promise<SimulatorAuthority> {
  const keys = await webcrypto.subtle.generateKey(elliptic, true, ['sign', 'verify'])
  const root = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Hanvisa simulator (private authority)',
      ...validity(),
      keys,
      signingAlgorithm: elliptic,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto)
      ]
    },
    webcrypto
  )
  const serverKeys = await webcrypto.subtle.generateKey(elliptic, true, ['sign', 'verify'])
  const server = await X509CertificateGenerator.create(
    {
      subject: 'CN=localhost',
      issuer: root.subject,
      ...validity(),
      publicKey: serverKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: elliptic,
      extensions: [
        new BasicConstraintsExtension(false),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
          { type: 'ip', value: '::1' }
        ])
      ]
    },
    webcrypto
  )
  return {
    ca: root.toString('pem'),
    server: { certificate: server.toString('pem'), privateKey: await exported(serverKeys.privateKey) }
  }
}

/** What an operator registers for an application instead of a secret: self-signed, as most are. */
export async function createClientCertificate(commonName: string): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name: `CN=${commonName}`, ...validity(), keys, signingAlgorithm: rsa },
    webcrypto
  )
  return { certificate: certificate.toString('pem'), privateKey: await exported(keys.privateKey) }
}

function validity() {
  const now = Date.now()
  return { notBefore: new Date(now - day), notAfter: new Date(now + 365 * day) }
}

async function exported(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`
}
