/**
 * The APIs of three switches, as their makers describe them: Webex Calling (developer.webex.com, Numbers and User Call Settings 2 of 2:
 * "Get Personal Assistant", "Modify Personal Assistant"), 3CX v20 (3cx.com, Configuration REST API: /connect/token, /xapi/v1/Users) and
 * Yeastar P-Series (help.yeastar.com, Developer Guide: "Get Access Token", "Search Specific Extensions", "Edit an Extension", "Error Code
 * and Error Message").
 */
import type { HttpAnswer, PostHttp } from '../../src/delivery/consumer.ts'

type Request = Parameters<PostHttp>[0]

export interface Person {
  readonly id: string | number
  value: string
  until: string | null
}

export interface FakeApi {
  readonly http: PostHttp
  /** By extension. */
  readonly people: Map<string, Person>
  /** `PUT /path`, without the host. */
  readonly requests: string[]
  readonly bodies: unknown[]
  /** What is answered in place of the API, once for each. */
  readonly answers: { readonly status: number; readonly retryAfterMs?: number; readonly text?: string }[]
  /** The tokens that it gave. */
  tokens: number
  withdrawTokens(): void
}

interface Description {
  readonly values: readonly string[]
  isToken(url: URL): boolean
  token(request: Request, token: string): object | null
  tokenOf(request: Request, url: URL): string | null
  /** Null: 404. */
  answer(request: Request, url: URL, people: Map<string, Person>): object | number | null
  readonly refused: { readonly status: number; readonly body: object }
}

function open(
  { isToken, token, tokenOf, answer, refused }: Description,
  people: Map<string, Person>
): FakeApi {
  let valid = 0
  const api: FakeApi = {
    people,
    requests: [],
    bodies: [],
    answers: [],
    tokens: 0,
    withdrawTokens: () => {
      valid = api.tokens + 1
    },
    async http(request) {
      request.signal.throwIfAborted()
      const url = new URL(request.url)
      api.requests.push(`${request.method} ${decodeURIComponent(url.pathname + url.search)}`)
      if (request.body?.startsWith('{')) api.bodies.push(JSON.parse(request.body))
      const scripted = isToken(url) ? undefined : api.answers.shift()
      if (scripted !== undefined) return reply(scripted.status, scripted.text ?? '{}', scripted.retryAfterMs)
      if (isToken(url)) {
        const given = token(request, `token-${api.tokens + 1}`)
        if (given === null) return reply(refused.status, JSON.stringify(refused.body))
        api.tokens++
        return reply(200, JSON.stringify(given))
      }
      const number = Number(/^token-(\d+)$/.exec(tokenOf(request, url) ?? '')?.[1] ?? -1)
      if (number < valid || number > api.tokens) return reply(refused.status, JSON.stringify(refused.body))
      const answered = answer(request, url, people)
      if (answered === null) return reply(404, '{"message":"not found"}')
      return typeof answered === 'number' ? reply(answered, '') : reply(200, JSON.stringify(answered))
    }
  }
  return api
}

function reply(status: number, text: string, retryAfterMs: number | null = null): HttpAnswer {
  return { status, retryAfterMs, body: Buffer.from(text) }
}

const bearer = ({ headers }: Request) => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? null
const byId = (people: Map<string, Person>, id: string) =>
  [...people.values()].find((one) => `${one.id}` === id)
const bodyOf = ({ body }: Request) => JSON.parse(body ?? '{}') as Record<string, unknown>
const formOf = ({ body }: Request) => new URLSearchParams(body ?? '')

const webex: Description = {
  values: ['NONE', 'BUSINESS_TRIP', 'LUNCH', 'MEETING', 'OUT_OF_OFFICE', 'UNAVAILABLE', 'VACATION'],
  isToken: ({ pathname }) => pathname === '/v1/access_token',
  token: (request, token) =>
    formOf(request).get('grant_type') === 'refresh_token' && formOf(request).get('client_secret') === 'secret'
      ? { access_token: token, expires_in: 1_209_599, refresh_token: 'refresh' }
      : null,
  tokenOf: bearer,
  refused: { status: 401, body: { message: 'The request requires a valid access token.' } },
  answer(request, { pathname, searchParams }, people) {
    if (pathname === '/v1/telephony/config/numbers') {
      const extension = searchParams.get('extension') ?? ''
      const person = people.get(extension)
      const owner = { id: person?.id, type: 'PEOPLE', firstName: 'Anna', lastName: 'Berg' }
      return { phoneNumbers: person === undefined ? [] : [{ extension, state: 'ACTIVE', owner }] }
    }
    const path = /^\/v1\/telephony\/config\/people\/([^/]+)\/features\/personalAssistant$/.exec(pathname)
    const person = byId(people, decodeURIComponent(path?.[1] ?? ''))
    if (person === undefined) return null
    if (request.method === 'GET') return { enabled: person.value !== 'NONE', presence: person.value }
    const { enabled, presence, untilDateTime } = bodyOf(request)
    if (typeof enabled !== 'boolean' || !webex.values.includes(`${presence}`)) return 400
    person.value = `${presence}`
    person.until = (untilDateTime as string | undefined) ?? null
    return 204
  }
}

const threeCx: Description = {
  values: ['Available', 'Away', 'Out of office', 'Custom 1', 'Custom 2'],
  isToken: ({ pathname }) => pathname === '/connect/token',
  token: (request, token) =>
    formOf(request).get('grant_type') === 'client_credentials' &&
    formOf(request).get('client_secret') === 'secret'
      ? { token_type: 'Bearer', expires_in: 3600, access_token: token, refresh_token: null }
      : null,
  tokenOf: bearer,
  refused: { status: 401, body: {} },
  answer(request, { pathname, searchParams }, people) {
    if (pathname === '/xapi/v1/Users') {
      const extension = /^Number eq '([^']+)'$/.exec(searchParams.get('$filter') ?? '')?.[1]
      if (extension === undefined) return 400
      const person = people.get(extension)
      const value = person && { Id: person.id, Number: extension, CurrentProfileName: person.value }
      return { value: value === undefined ? [] : [value] }
    }
    const person = byId(people, /^\/xapi\/v1\/Users\((\d+)\)$/.exec(pathname)?.[1] ?? '')
    if (person === undefined || request.method !== 'PATCH') return null
    const { CurrentProfileName } = bodyOf(request)
    if (!threeCx.values.includes(`${CurrentProfileName}`)) return 400
    person.value = `${CurrentProfileName}`
    return 204
  }
}

const yeastar: Description = {
  values: ['available', 'away', 'business_trip', 'do_not_disturb', 'lunch', 'off_work'],
  isToken: ({ pathname }) => pathname === '/openapi/v1.0/get_token',
  token(request, token) {
    const { username, password } = bodyOf(request)
    if (request.headers['user-agent'] !== 'OpenAPI' || username !== 'hanvisa' || password !== 'secret')
      return null
    return { errcode: 0, errmsg: 'SUCCESS', access_token_expire_time: 1800, access_token: token }
  },
  tokenOf: (_request, { searchParams }) => searchParams.get('access_token'),
  refused: { status: 200, body: { errcode: 10004, errmsg: 'TOKEN EXPIRED' } },
  answer(request, { pathname, searchParams }, people) {
    if (request.headers['user-agent'] !== 'OpenAPI') return 400
    if (pathname === '/openapi/v1.0/extension/search') {
      const wanted = searchParams.get('search_value') ?? ''
      // The keyword is looked for anywhere: 107 finds 1070 too.
      const found = [...people].filter(([extension]) => extension.includes(wanted))
      const data = found.map(([number, { id, value }]) => ({ id, number, presence_status: value }))
      return { errcode: 0, errmsg: 'SUCCESS', total_number: data.length, data }
    }
    if (pathname !== '/openapi/v1.0/extension/update')
      return { errcode: 10001, errmsg: 'INTERFACE NOT EXISTED' }
    const { id, presence_status } = bodyOf(request)
    const person = typeof id === 'number' ? byId(people, `${id}`) : undefined
    if (person === undefined) return { errcode: 60001, errmsg: 'DATA NOT FOUND' }
    if (!yeastar.values.includes(`${presence_status}`)) return { errcode: 40002, errmsg: 'PARAMETER ERROR' }
    person.value = `${presence_status}`
    return { errcode: 0, errmsg: 'SUCCESS' }
  }
}

const descriptions = { webex, '3cx': threeCx, yeastar }
const ids = { webex: 'Y2lzY29zcGFyazovL3VzL1BFT1BMRS8', '3cx': 25, yeastar: 60 }

/** With extension 1070, and for Yeastar's search 10701 before it. */
export function openRecipeApi(name: keyof typeof descriptions): FakeApi {
  const { values } = descriptions[name]
  const person = (id: string | number): Person => ({ id, value: values[0]!, until: null })
  const other: string | number = name === 'webex' ? 'other' : 7
  return open(
    descriptions[name],
    new Map([
      ['10701', person(other)],
      ['1070', person(ids[name])]
    ])
  )
}
