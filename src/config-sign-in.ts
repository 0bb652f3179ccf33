/** The settings of operators' sign-in by OpenID Connect: all of them, or none. */

export interface SignInConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly rolesClaim: string
  /** Null: nobody who signs in is the provider's. */
  readonly providerDirectory: string | null
}

/** As set; null where not. */
export interface SignInValues {
  readonly HANVISA_OIDC_ISSUER: string | null
  readonly HANVISA_OIDC_CLIENT_ID: string | null
  readonly HANVISA_OIDC_CLIENT_SECRET: string | null
  readonly HANVISA_OIDC_ROLES_CLAIM: string | null
  readonly HANVISA_OIDC_PROVIDER_DIRECTORY: string | null
}

interface SignInContext {
  readonly publicUrl: string | null
  readonly trustsProxy: boolean
  readonly allowPrivateTargets: boolean
}

/** Null without an issuer. `refuse` is called for each fault. */
export function readSignIn(
  values: SignInValues,
  { publicUrl, trustsProxy, allowPrivateTargets }: SignInContext,
  refuse: (name: keyof SignInValues, message: string) => void
): SignInConfig | null {
  const { HANVISA_OIDC_ISSUER: issuer, HANVISA_OIDC_CLIENT_ID: clientId } = values
  const { HANVISA_OIDC_CLIENT_SECRET: clientSecret, HANVISA_OIDC_ROLES_CLAIM: rolesClaim } = values
  if (issuer === null) {
    for (const name of ['HANVISA_OIDC_CLIENT_ID', 'HANVISA_OIDC_CLIENT_SECRET'] as const) {
      if (values[name] !== null) refuse(name, 'stands alone: set HANVISA_OIDC_ISSUER too, or unset this')
    }
    return null
  }
  const fault = issuerFault(issuer, allowPrivateTargets)
  if (fault !== null) refuse('HANVISA_OIDC_ISSUER', fault)
  if (clientId === null) refuse('HANVISA_OIDC_CLIENT_ID', 'is needed with HANVISA_OIDC_ISSUER')
  if (clientSecret === null) refuse('HANVISA_OIDC_CLIENT_SECRET', 'is needed with HANVISA_OIDC_ISSUER')
  if (publicUrl === null) {
    refuse('HANVISA_OIDC_ISSUER', 'needs HANVISA_PUBLIC_URL: the issuer sends browsers back there')
  } else if (publicUrl.startsWith('https:') && !trustsProxy) {
    // Hanvisa itself speaks http: behind TLS the session's cookie is only set where the proxy says that it was https.
    refuse('HANVISA_OIDC_ISSUER', 'needs HANVISA_TRUST_PROXY: the addresses of the proxy that ends TLS')
  }
  if (fault !== null || clientId === null || clientSecret === null) return null
  const providerDirectory = values.HANVISA_OIDC_PROVIDER_DIRECTORY ?? directoryOfIssuer(issuer)
  return { issuer, clientId, clientSecret, rolesClaim: rolesClaim ?? 'roles', providerDirectory }
}

function issuerFault(issuer: string, allowHttp: boolean): string | null {
  if (!URL.canParse(issuer))
    return 'must be an address such as https://login.microsoftonline.com/DIRECTORY/v2.0'
  const { protocol, pathname, username, search, hash } = new URL(issuer)
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return 'must begin with https://'
  if (username !== '' || search !== '' || hash !== '') return 'must have no user, query or fragment'
  if (/^\/(common|consumers)(\/|$)/i.test(pathname)) {
    return 'lets personal accounts in: name the directory, or "organizations"'
  }
  return null
}

/** The directory of an issuer for one directory; null for `organizations`, which every directory's tokens come from. */
function directoryOfIssuer(issuer: string): string | null {
  const { host, pathname } = new URL(issuer)
  if (!isEntra(host)) return issuer.toLowerCase()
  const [, first = ''] = pathname.split('/')
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(first) ? first.toLowerCase() : null
}

/** The hosts of Microsoft's national clouds. */
function isEntra(host: string): boolean {
  return [
    'login.microsoftonline.com',
    'login.microsoftonline.us',
    'login.partner.microsoftonline.cn'
  ].includes(host)
}
