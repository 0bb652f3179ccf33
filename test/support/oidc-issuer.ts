/** An OpenID Connect issuer (oidc-provider) on a port of its own, and a browser that signs in at it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface TestIssuer {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the issuer says of whoever logs in with that name; without `roles` they have none. */
  readonly accounts: Map<string, { readonly name: string; readonly roles?: readonly string[] }>
  close(): void
}

/** The part of oidc-provider that is used; it ships no types. */
interface Provider {
  callback(): Parameters<typeof createServer>[1]
}
type ProviderConstructor = new (issuer: string, configuration: object) => Provider

export async function startIssuer(t: Test, redirectUri: string): Promise<TestIssuer> {
  const { default: OidcProvider } = (await import('oidc-provider' as string)) as {
    default: ProviderConstructor
  }
  const accounts: TestIssuer['accounts'] = new Map()
  const server = createServer((request, response) => {
    void provider.callback()!(request as never, response as never)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clientId = 'hanvisa'
  const clientSecret = 'a-secret-of-the-test-issuer-that-is-long-enough'
  const provider = new OidcProvider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        // Else http is refused for a web client.
        application_type: redirectUri.startsWith('https:') ? 'web' : 'native'
      }
    ],
    cookies: { keys: ['a key of the test issuer'] },
    pkce: { required: () => true },
    claims: { openid: ['sub', 'name', 'roles'] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, ...(accounts.get(sub) ?? { name: sub }) })
    })
  })
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  t.teardown(close)
  return { issuer, clientId, clientSecret, accounts, close }
}

/** A browser: it keeps cookies for each site, follows redirects, and reaches the public address at the service's own. */
export class TestBrowser {
  readonly #publicUrl: string
  readonly #origin: string
  readonly #cookies = new Map<string, Map<string, string>>()
  /** The Set-Cookie headers of the last answer. */
  lastCookies: string[] = []

  constructor(publicUrl: string, origin: string) {
    this.#publicUrl = publicUrl
    this.#origin = origin
  }

  cookie(name: string): string | undefined {
    return this.#jar(this.#publicUrl).get(name)
  }

  setCookie(name: string, value: string): void {
    this.#jar(this.#publicUrl).set(name, value)
  }

  /** One request, no redirect followed. */
  async request(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, this.#publicUrl)
    const isService = url.href.startsWith(this.#publicUrl)
    const target = isService ? `${this.#origin}${url.pathname}${url.search}` : url.href
    const jar = this.#jar(url.href)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(target, {
      ...init,
      redirect: 'manual',
      headers: {
        ...(cookie !== '' && { cookie }),
        ...(isService && { 'x-forwarded-proto': new URL(this.#publicUrl).protocol.slice(0, -1) }),
        ...(init.headers as Record<string, string>)
      }
    })
    this.lastCookies = response.headers.getSetCookie()
    for (const line of this.lastCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      const isGone = /max-age=0|expires=thu, 01 jan 1970/i.test(line)
      if (isGone) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  /** Follows redirects until a page or the service's own answer to `stopAt`. */
  async open(
    address: string,
    init: RequestInit = {}
  ): Promise<{ readonly url: URL; readonly response: Response }> {
    let url = new URL(address, this.#publicUrl)
    let response = await this.request(url.href, init)
    for (let hops = 0; hops < 20; hops++) {
      const location = response.headers.get('location')
      if (location === null) return { url, response }
      url = new URL(location, url)
      response = await this.request(url.href)
    }
    throw new Error('too many redirects')
  }

  /** Signs in as the account; resolves to where it ended. */
  async signIn(
    account: string,
    start = '/sign-in'
  ): Promise<{ readonly url: URL; readonly response: Response }> {
    let page = await this.open(start)
    // oidc-provider's own forms: first who it is, then that they agree.
    while (page.url.pathname.startsWith('/interaction/')) {
      const isLogin = /name="login"/.test(await page.response.text())
      const body = new URLSearchParams(
        isLogin ? { prompt: 'login', login: account, password: 'x' } : { prompt: 'consent' }
      )
      page = await this.open(page.url.href, { method: 'POST', body })
    }
    return page
  }

  #jar(address: string): Map<string, string> {
    const { origin } = new URL(address)
    let jar = this.#cookies.get(origin)
    if (jar === undefined) {
      jar = new Map()
      this.#cookies.set(origin, jar)
    }
    return jar
  }
}
