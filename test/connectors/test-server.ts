/** Servers for the tests of connectors: TLS under an authority of their own, answering as the test says. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import * as x509 from '@peculiar/x509'
import type { Test } from 'tap'

export interface TestServer {
  /** `https://localhost:PORT` */
  readonly origin: string
  readonly port: number
  readonly server: Server
}

/** Names that the servers' certificate is good for. */
const names = ['localhost', '127.0.0.1', 'calendar.example']

export async function startTestServer(
  t: Test,
  authority: Authority,
  answer: RequestListener
): Promise<TestServer> {
  const server = createServer({ cert: authority.cert, key: authority.key }, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { origin: `https://localhost:${port}`, port, server }
}

export interface Authority {
  /** PEM of the authority, of the servers' certificate, and of its key. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export async function makeAuthority(): Promise<Authority> {
  const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const [own, server] = await Promise.all([
    webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']),
    webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
  ])
  const span = { notBefore: new Date(Date.now() - 864e5), notAfter: new Date(Date.now() + 864e5) }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...span,
    serialNumber: '01',
    name: 'CN=Test authority',
    keys: own,
    signingAlgorithm: signing,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)]
  })
  const cert = await x509.X509CertificateGenerator.create({
    ...span,
    serialNumber: '02',
    subject: 'CN=localhost',
    issuer: ca.subject,
    publicKey: server.publicKey,
    signingKey: own.privateKey,
    signingAlgorithm: signing,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: /^\d/.test(value) ? 'ip' : 'dns', value }))
      )
    ]
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
  return {
    ca: ca.toString('pem'),
    cert: cert.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`
  }
}
