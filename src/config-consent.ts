/** The settings of the provider's own application in Entra, which customers consent to: all of them, or none. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type Cloud, clouds, type ProviderApplication } from './connectors/connection.ts'
import { certificateEnd, dayToInstant } from './connectors/credential.ts'

/** As set; null where not. */
export interface ConsentValues {
  readonly HANVISA_ENTRA_CLIENT_ID: string | null
  readonly HANVISA_ENTRA_CLIENT_SECRET: string | null
  readonly HANVISA_ENTRA_CLIENT_SECRET_EXPIRES: string | null
  readonly HANVISA_ENTRA_CLIENT_CERTIFICATE: string | null
  readonly HANVISA_ENTRA_CLIENT_KEY: string | null
  readonly HANVISA_ENTRA_CLOUD: string | null
}

/** Null without an application. `refuse` is called for each fault. */
export function readProviderApplication(
  values: ConsentValues,
  publicUrl: string | null,
  refuse: (name: keyof ConsentValues, message: string) => void
): ProviderApplication | null {
  const { HANVISA_ENTRA_CLIENT_ID: clientId } = values
  if (clientId === null) {
    for (const name of Object.keys(values) as (keyof ConsentValues)[]) {
      if (values[name] !== null) refuse(name, 'stands alone: set HANVISA_ENTRA_CLIENT_ID too, or unset this')
    }
    return null
  }
  const cloud = cloudIn(values.HANVISA_ENTRA_CLOUD ?? 'global')
  if (!/^[A-Za-z0-9-]{1,64}$/.test(clientId)) {
    refuse('HANVISA_ENTRA_CLIENT_ID', 'must be the application (client) id, a GUID')
  }
  const credential = readCredential(values, refuse)
  if (cloud === null) {
    refuse('HANVISA_ENTRA_CLOUD', `must be one of ${clouds.join(', ')}, or two https roots: sign-in, Graph`)
  }
  if (publicUrl === null) {
    refuse('HANVISA_ENTRA_CLIENT_ID', 'needs HANVISA_PUBLIC_URL: Microsoft sends administrators back there')
  }
  return credential === null || cloud === null ? null : { clientId, ...credential, cloud }
}

/** A secret, or a certificate with its key. */
function readCredential(
  {
    HANVISA_ENTRA_CLIENT_SECRET: clientSecret,
    HANVISA_ENTRA_CLIENT_SECRET_EXPIRES: expires,
    HANVISA_ENTRA_CLIENT_CERTIFICATE: certificate,
    HANVISA_ENTRA_CLIENT_KEY: privateKey
  }: ConsentValues,
  refuse: (name: keyof ConsentValues, message: string) => void
): Pick<ProviderApplication, 'clientSecret' | 'certificate' | 'endsAt'> | null {
  if (certificate === null && privateKey === null) {
    const endsAt = expires === null ? null : dayToInstant(expires)
    if (expires !== null && endsAt === null) {
      refuse('HANVISA_ENTRA_CLIENT_SECRET_EXPIRES', 'must be a day such as 2027-06-30')
      return null
    }
    if (clientSecret !== null) return { clientSecret, endsAt }
    refuse('HANVISA_ENTRA_CLIENT_SECRET', 'or a certificate is needed with HANVISA_ENTRA_CLIENT_ID')
    return null
  }
  if (clientSecret !== null) {
    refuse('HANVISA_ENTRA_CLIENT_SECRET', 'stands beside a certificate: set one of the two')
    return null
  }
  if (expires !== null) {
    refuse(
      'HANVISA_ENTRA_CLIENT_SECRET_EXPIRES',
      'stands beside a certificate, whose end is in it: unset this'
    )
    return null
  }
  if (certificate === null) {
    refuse('HANVISA_ENTRA_CLIENT_CERTIFICATE', 'is needed with HANVISA_ENTRA_CLIENT_KEY')
    return null
  }
  if (privateKey === null) {
    refuse('HANVISA_ENTRA_CLIENT_KEY', 'is needed with HANVISA_ENTRA_CLIENT_CERTIFICATE')
    return null
  }
  const fault = pairFault(certificate, privateKey)
  if (fault !== null) refuse(...fault)
  return { certificate: { certificate, privateKey }, endsAt: certificateEnd(certificate) }
}

function cloudIn(text: string): Cloud | null {
  const [login = '', graph = '', ...more] = text.split(/\s+/)
  const known = clouds.find((name) => name === text)
  if (known !== undefined) return known
  const isRoot = (root: string) => URL.canParse(root) && new URL(root).protocol === 'https:'
  return more.length === 0 && isRoot(login) && isRoot(graph) ? { login, graph } : null
}

function pairFault(certificate: string, privateKey: string): [keyof ConsentValues, string] | null {
  const read = tryOrNull(() => new X509Certificate(certificate))
  if (read === null) return ['HANVISA_ENTRA_CLIENT_CERTIFICATE', 'is no X.509 certificate in PEM']
  const key = tryOrNull(() => createPrivateKey(privateKey))
  // Entra takes RSA signatures of client assertions only.
  if (key?.asymmetricKeyType !== 'rsa') {
    return ['HANVISA_ENTRA_CLIENT_KEY', 'is no RSA private key in PEM without a passphrase']
  }
  return read.checkPrivateKey(key)
    ? null
    : ['HANVISA_ENTRA_CLIENT_KEY', 'is not the private key of the certificate']
}

function tryOrNull<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}
