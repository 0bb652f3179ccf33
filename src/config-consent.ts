/** The settings of the provider's own application in Entra, which customers consent to: all of them, or none. */
import { type Cloud, clouds, type ProviderApplication } from './connectors/connection.ts'

/** As set; null where not. */
export interface ConsentValues {
  readonly HANVISA_ENTRA_CLIENT_ID: string | null
  readonly HANVISA_ENTRA_CLIENT_SECRET: string | null
  readonly HANVISA_ENTRA_CLOUD: string | null
}

/** Null without an application. `refuse` is called for each fault. */
export function readProviderApplication(
  values: ConsentValues,
  publicUrl: string | null,
  refuse: (name: keyof ConsentValues, message: string) => void
): ProviderApplication | null {
  const { HANVISA_ENTRA_CLIENT_ID: clientId, HANVISA_ENTRA_CLIENT_SECRET: clientSecret } = values
  if (clientId === null) {
    for (const name of ['HANVISA_ENTRA_CLIENT_SECRET', 'HANVISA_ENTRA_CLOUD'] as const) {
      if (values[name] !== null) refuse(name, 'stands alone: set HANVISA_ENTRA_CLIENT_ID too, or unset this')
    }
    return null
  }
  const cloud = cloudIn(values.HANVISA_ENTRA_CLOUD ?? 'global')
  if (!/^[A-Za-z0-9-]{1,64}$/.test(clientId)) {
    refuse('HANVISA_ENTRA_CLIENT_ID', 'must be the application (client) id, a GUID')
  }
  if (clientSecret === null) {
    refuse('HANVISA_ENTRA_CLIENT_SECRET', 'is needed with HANVISA_ENTRA_CLIENT_ID')
  }
  if (cloud === null) {
    refuse('HANVISA_ENTRA_CLOUD', `must be one of ${clouds.join(', ')}, or two https roots: sign-in, Graph`)
  }
  if (publicUrl === null) {
    refuse('HANVISA_ENTRA_CLIENT_ID', 'needs HANVISA_PUBLIC_URL: Microsoft sends administrators back there')
  }
  return clientSecret === null || cloud === null ? null : { clientId, clientSecret, cloud }
}

function cloudIn(text: string): Cloud | null {
  const [login = '', graph = '', ...more] = text.split(/\s+/)
  const known = clouds.find((name) => name === text)
  if (known !== undefined) return known
  const isRoot = (root: string) => URL.canParse(root) && new URL(root).protocol === 'https:'
  return more.length === 0 && isRoot(login) && isRoot(graph) ? { login, graph } : null
}
