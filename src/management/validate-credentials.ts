/** Whether the credentials of an application can be used at all: told when they are put, not at the next read. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { FieldFault } from '../errors.ts'
import type { PutConnectionBody, PutGraphConnectionBody } from './connection-body.ts'

/** A secret or a certificate, not both; and the certificate must fit its key. */
export function validateCredentials(body: PutConnectionBody): FieldFault[] {
  if (body.kind === 'graph') return validateApplication(body, '')
  return body.kind === 'ews' && body.auth.kind === 'oauth' ? validateApplication(body.auth, 'auth/') : []
}

/** `at` is where in the body the two stand. */
function validateApplication(
  { clientSecret, certificate: pair }: Pick<PutGraphConnectionBody, 'clientSecret' | 'certificate'>,
  at: string
): FieldFault[] {
  if (pair === undefined) return []
  if (clientSecret !== undefined) {
    return [{ field: `${at}clientSecret`, message: 'stands beside "certificate": state one of the two' }]
  }
  const certificate = tryOrNull(() => new X509Certificate(pair.certificate))
  const privateKey = tryOrNull(() => createPrivateKey(pair.privateKey))
  const faults: FieldFault[] = []
  if (certificate === null) {
    faults.push({
      field: `${at}certificate/certificate`,
      message: 'is no X.509 certificate in PEM: paste the .pem file'
    })
  }
  if (privateKey === null) {
    faults.push({
      field: `${at}certificate/privateKey`,
      message: 'is no private key in PEM without a passphrase: take the passphrase off with "openssl pkey"'
    })
  }
  return certificate !== null && privateKey !== null ? validateKeyPair(certificate, privateKey, at) : faults
}

function validateKeyPair(certificate: X509Certificate, privateKey: KeyObject, at: string): FieldFault[] {
  // Entra takes RSA signatures (PS256) of client assertions only.
  if (privateKey.asymmetricKeyType !== 'rsa') {
    return [
      { field: `${at}certificate/privateKey`, message: 'is no RSA key, which Entra needs: make an RSA pair' }
    ]
  }
  return certificate.checkPrivateKey(privateKey)
    ? []
    : [{ field: `${at}certificate/privateKey`, message: 'is not the private key of the certificate' }]
}

/** A cloud of one's own is always https, and given by its roots. */
export function validateCloud(body: PutConnectionBody): FieldFault[] {
  if (body.kind !== 'graph' || body.cloud === undefined || typeof body.cloud === 'string') return []
  return Object.entries(body.cloud).flatMap(([name, root]) => {
    const message = validateRootUrl(root)
    return message === null ? [] : [{ field: `cloud/${name}`, message }]
  })
}

function validateRootUrl(root: string): string | null {
  const url = tryOrNull(() => new URL(root))
  if (url === null || url.protocol !== 'https:') return 'must be an https URL'
  if (url.username !== '' || url.password !== '') return 'must hold no user name or password'
  if (url.search !== '' || url.hash !== '') return 'must end with its path: take ? and # away'
  return /\/(v1\.0|beta)\/?$/.test(url.pathname) ? 'must be the root: take the version at its end away' : null
}

function tryOrNull<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}
