/** Whether the credentials of an application can be used at all: checked when they are put, not at the next read. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { FieldFault } from '../../errors.ts'
import type { PutGraphConnectionBody } from '../connection-body.ts'

/** A secret or a certificate, not both, and the certificate must fit its key. `at` is where in the body the two stand. */
export function validateApplication(
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

function tryOrNull<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}
