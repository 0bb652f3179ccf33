/** Calls to the API of one recipe: with a token that is got anew once it is refused, and what each answer means. */
import type { HttpAnswer, PeerDeps } from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import {
  fillBody,
  fillText,
  memberAt,
  type Recipe,
  type RecipeRequest,
  type RecipeValues
} from '../recipe.ts'
import { SharedAttempt } from '../shared-attempt.ts'
import type { HttpSettings, RecipeAuth } from './http-settings.ts'

const deniedRetryMs = 60_000
/** A token is not used in its last seconds. */
const tokenMarginMs = 60_000
/** Of a token that does not say how long it holds. */
const defaultTokenMs = 30 * 60_000

interface Token {
  readonly value: string
  readonly until: number
}

type OAuth = Extract<RecipeAuth, { readonly kind: 'oauth' }>

/** The API does not know this one user, or does not take what is set of them. */
export class UserRefused extends DeliveryError {}

export class RecipeClient {
  readonly #recipe: Recipe
  readonly #settings: HttpSettings
  readonly #deps: Pick<PeerDeps, 'http' | 'clock'>
  readonly #asking = new SharedAttempt<Token>()
  #token: Token | null = null

  constructor(recipe: Recipe, settings: HttpSettings, deps: Pick<PeerDeps, 'http' | 'clock'>) {
    this.#recipe = recipe
    this.#settings = settings
    this.#deps = deps
  }

  /** Resolves once calls can be authenticated. */
  async signIn(signal: AbortSignal): Promise<void> {
    if (this.#settings.auth.kind === 'oauth') await this.#currentToken(this.#settings.auth, signal)
  }

  /** The answer's JSON; null where it has none. Rejects with UserRefused for what concerns this user alone. */
  async call(request: RecipeRequest, values: RecipeValues, signal: AbortSignal): Promise<unknown> {
    const { auth } = this.#settings
    for (let attempt = 1; ; attempt++) {
      const token = auth.kind === 'oauth' ? await this.#currentToken(auth, signal) : null
      const answer = await this.#send(request, values, token, signal)
      const content = parse(answer)
      if (!this.#isTokenRefused(answer, content)) return this.#requireTaken(answer, content)
      // A token may be withdrawn before its end: a new one once.
      if (attempt === 2 || token === null) throw deniedAccount
      if (this.#token === token) this.#token = null
    }
  }

  async #send(
    { method, path, query = {}, body }: RecipeRequest,
    values: RecipeValues,
    token: Token | null,
    signal: AbortSignal
  ): Promise<HttpAnswer> {
    const url = new URL(`${this.#base()}${fillText(path, values, encodeURIComponent)}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, fillText(value, values))
    const authorization = this.#authorize(url, token)
    return this.#deps.http({
      // A blank as %20: some read a plus as one.
      url: url.href.replaceAll('+', '%20'),
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'Hanvisa',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.#recipe.headers,
        ...authorization
      },
      body: body === undefined ? null : JSON.stringify(fillBody(body, values)),
      signal
    })
  }

  #base(): string {
    return (this.#settings.url ?? this.#recipe.url ?? '').replace(/\/+$/, '')
  }

  #authorize(url: URL, held: Token | null): Record<string, string> {
    const { auth } = this.#settings
    if (auth.kind === 'basic') {
      return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` }
    }
    const token = auth.kind === 'bearer' ? auth.token : (held?.value ?? '')
    const name = this.#recipe.token?.query
    if (name === undefined) return { authorization: `Bearer ${token}` }
    url.searchParams.set(name, token)
    return {}
  }

  /** Users who are sent at the same time share one. */
  async #currentToken(auth: OAuth, signal: AbortSignal): Promise<Token> {
    if (this.#token !== null && this.#token.until > this.#deps.clock()) return this.#token
    return this.#asking.run(async (signal) => {
      this.#token = await this.#getToken(auth, signal)
      return this.#token
    }, signal)
  }

  async #getToken(auth: OAuth, signal: AbortSignal): Promise<Token> {
    const { token: how, headers } = this.#recipe
    const { clientId, clientSecret, refreshToken } = auth
    const url = auth.tokenUrl ?? `${this.#base()}${how?.path ?? ''}`
    const form = new URLSearchParams({
      grant_type: refreshToken === undefined ? 'client_credentials' : 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      ...(refreshToken !== undefined && { refresh_token: refreshToken })
    })
    const isForm = how?.body === undefined
    const answer = await this.#deps.http({
      url,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'user-agent': 'Hanvisa',
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        ...headers
      },
      body: isForm ? `${form}` : JSON.stringify(fillBody(how.body!, { clientId, clientSecret })),
      signal
    })
    const content = parse(answer)
    const value = memberAt(content, 'access_token')
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) throw deniedAccount
    if (answer.status !== 200) throw serverError(answer)
    // A failure that is answered 200 holds none.
    if (typeof value !== 'string' || value === '') throw deniedAccount
    const seconds = Number(memberAt(content, how?.expiresIn ?? 'expires_in'))
    const lastsMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : defaultTokenMs
    return { value, until: this.#deps.clock() + lastsMs - Math.min(tokenMarginMs, lastsMs / 2) }
  }

  #isTokenRefused({ status }: HttpAnswer, content: unknown): boolean {
    const { codes } = this.#recipe
    if (status === 401) return true
    return codes?.tokenExpired?.includes(Number(memberAt(content, codes.member))) ?? false
  }

  #requireTaken(answer: HttpAnswer, content: unknown): unknown {
    const { status } = answer
    const { title, codes } = this.#recipe
    if (status === 403) throw denied(title)
    if (status === 404) throw unknownUser(title)
    if (status === 429 || status === 423 || status >= 500) throw serverError(answer)
    if (status >= 300 && status < 400) throw redirected(status)
    if (status >= 400) {
      throw new UserRefused('peer_cannot', `${title} answered ${status} for this user: its log says why.`)
    }
    if (answer.body.length > 0 && content === undefined) throw notJson
    if (codes === undefined) return content ?? null
    const code = Number(memberAt(content, codes.member))
    if (codes.success.includes(code)) return content
    if (codes.denied?.includes(code)) throw denied(title)
    if (codes.unknown?.includes(code)) throw unknownUser(title)
    throw new UserRefused('peer_cannot', `${title} answered its code ${code}: its description says why.`)
  }
}

function parse({ body }: HttpAnswer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function serverError({ status, retryAfterMs }: HttpAnswer): DeliveryError {
  const isBusy = status === 429 || status === 423 || status === 503
  return new DeliveryError(
    isBusy ? 'throttled' : 'refused',
    isBusy
      ? `The API answered ${status}: it is asked again when it says so. Lower "perSecond" if that repeats.`
      : `The API answered ${status}: its log says why. It is tried again by itself.`,
    { retryAfterMs }
  )
}

function unknownUser(title: string): UserRefused {
  return new UserRefused(
    'user_unknown',
    `${title} has nobody with this extension: make it there, or correct it here.`
  )
}

function denied(title: string): DeliveryError {
  return new DeliveryError(
    'access_denied',
    `${title} denies the account the call: give it the right that docs/switches names.`,
    { consequence: 'refused', retryAfterMs: deniedRetryMs }
  )
}

function redirected(status: number): DeliveryError {
  return new DeliveryError(
    'protocol_error',
    `The API answered ${status}, a redirect, which is not followed: state the address at which it ends.`
  )
}

const deniedAccount = new DeliveryError(
  'access_denied',
  'The API refuses the account: check "auth", and that it was not withdrawn there.',
  { consequence: 'refused', retryAfterMs: deniedRetryMs }
)
const notJson = new DeliveryError(
  'protocol_error',
  'What answers at "url" is not this API: it is no JSON. Check "url" and "recipe".'
)
