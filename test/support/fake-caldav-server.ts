/**
 * A small CalDAV server with the habits of those that cannot run in tests, each as `reference/caldav.md` section 4 found it on the
 * real one: SOGo's anonymous, Cyrus's redirects, truncation and CDATA, sabre's 403 within a propstat, Kerio's names.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'

interface TeardownOwner {
  teardown(step: () => unknown): void
}

/** What a calendar does otherwise than RFC 4791 has it. */
export interface DavHabits {
  /** calendar-data in CDATA sections (Cyrus 3.6.1). */
  readonly cdata?: boolean
  /** What objects' names end in: `.ics` unless stated (Kerio: `.eml`). */
  readonly suffix?: string
  /** Objects without an ETag (SmarterMail, Nextcloud's app calendars). */
  readonly hasNoEtags?: boolean
  /** Whole addresses where paths are usual; a host of one's own or of another. */
  readonly hrefOrigin?: string
  /** The versions that are stated, whatever is edited; `none`: none is. */
  readonly version?: 'stands still' | 'none'
  /** All properties and data are refused within a 207 (sabre 4.7.1). */
  readonly refusesInside?: boolean
  /** Another path, to which the calendar's own redirects (Cyrus 3.6.1). */
  readonly redirectsTo?: string
  /** A time-range finds a series by its first occurrence alone (Xandikos 0.2.8). */
  readonly isBlind?: boolean
  /** At most so many objects, then a 507 (Cyrus 3.6.1, RFC 6578 section 3.6). */
  readonly limit?: number
  /** Objects that are named and not shown. */
  readonly withheld?: number
  /** The owner that is stated; null: none is. The user's own principal unless given. */
  readonly owner?: string | null
  /** A status for every request. */
  readonly status?: number
  /** More headers, and a body, with `status`. */
  readonly headers?: Readonly<Record<string, string>>
  /** A body in place of a multistatus. */
  readonly body?: string | Buffer
  readonly trouble?: 'hangs' | 'garbage' | 'cut off'
}

export interface FakeCalendar {
  /** VEVENTs of one object each. */
  objects: readonly string[]
  habits: DavHabits
}

export interface FakeCaldavServer {
  readonly origin: string
  /** By login. */
  readonly calendars: Map<string, FakeCalendar>
  /** Addresses of each login, if it has some. */
  readonly addresses: Map<string, string>
  /** Method, path and Depth of what was asked, in order. */
  readonly requests: string[]
  /** Authorization headers that came. */
  readonly authorizations: Set<string>
  /** As a server: unknown logins answer with an empty calendar of "anonymous" (SOGo 5.8.0). */
  hasAnonymous: boolean
  /** The password of all accounts. */
  password: string
  put(login: string, objects: readonly string[], habits?: DavHabits): void
}

const home = '/dav/calendars'
const principals = '/dav/principals'

export async function startFakeCaldavServer(t: TeardownOwner): Promise<FakeCaldavServer> {
  const server = createServer((request, reply) => {
    void answer(fake, request, reply).catch(() => reply.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  let edits = 0
  const versions = new WeakMap<FakeCalendar, number>()
  const fake: FakeCaldavServer & { versionOf(calendar: FakeCalendar): number } = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calendars: new Map(),
    addresses: new Map(),
    requests: [],
    authorizations: new Set(),
    hasAnonymous: false,
    password: 'secret',
    put(login, objects, habits = {}) {
      const calendar = { objects, habits }
      versions.set(calendar, ++edits)
      fake.calendars.set(login, calendar)
    },
    versionOf: (calendar) => versions.get(calendar) ?? 0
  }
  return fake
}

async function answer(
  fake: FakeCaldavServer & { versionOf(calendar: FakeCalendar): number },
  request: IncomingMessage,
  reply: ServerResponse
): Promise<void> {
  const body = await readText(request)
  const path = decodeURIComponent(request.url ?? '')
  fake.requests.push(`${request.method} ${path} ${request.headers.depth ?? '-'}`)
  const authorization = request.headers.authorization ?? ''
  fake.authorizations.add(authorization)
  const [user = '', password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
  if (password !== fake.password) {
    reply.writeHead(401, { 'www-authenticate': 'Basic realm="dav"' }).end()
    return
  }
  if (request.method === 'OPTIONS') {
    reply.writeHead(200, { dav: '1, 3, calendar-access' }).end()
    return
  }
  const [, folder, login = '', name] =
    /^(\/dav\/(?:calendars|principals))\/([^/]*)\/(?:([^/]*)\/)?$/.exec(path) ?? []
  if (folder === undefined) {
    if (path !== '/' && path !== '/dav/') reply.writeHead(404).end()
    else
      multistatus(
        reply,
        response(path, [
          `<d:current-user-principal><d:href>${principals}/${user}/</d:href></d:current-user-principal>`
        ])
      )
    return
  }
  const known = fake.calendars.get(login)
  const redirected = [...fake.calendars].find(([, { habits }]) => habits.redirectsTo === path)
  const calendar = known ?? redirected?.[1]
  if (calendar === undefined) {
    if (fake.hasAnonymous) answerAsAnonymous(reply)
    else reply.writeHead(404).end()
    return
  }
  const { habits } = calendar
  if (folder === principals) {
    const address = fake.addresses.get(login)
    multistatus(
      reply,
      response(path, [
        `<c:calendar-home-set><d:href>${home}/${login}/</d:href></c:calendar-home-set>`,
        address === undefined
          ? ''
          : `<c:calendar-user-address-set><d:href>mailto:${address}</d:href></c:calendar-user-address-set>`
      ])
    )
    return
  }
  if (habits.redirectsTo !== undefined && path !== habits.redirectsTo) {
    reply.writeHead(301, { location: habits.redirectsTo }).end()
    return
  }
  if (isTroubled(reply, habits, calendar)) return
  const owner = redirected?.[0] ?? login
  const own = name === undefined ? `${path}personal/` : path
  const answerOf =
    request.method === 'REPORT' ? reportOf(calendar, own, body) : propfindOf(fake, calendar, owner, own)
  const folderResponse = response(path, [
    '<d:resourcetype><d:collection/></d:resourcetype>',
    ownerOf(habits, owner)
  ])
  const isDeep = request.headers.depth === '1'
  if (name === undefined) multistatus(reply, folderResponse + (isDeep ? answerOf : ''))
  // Xandikos answers a REPORT without Depth: 1 with nothing.
  else multistatus(reply, request.method === 'REPORT' && !isDeep ? '' : answerOf)
}

/** SOGo 5.8.0: an empty calendar, whoever was asked for. */
function answerAsAnonymous(reply: ServerResponse): void {
  const owner = '<d:owner><d:href>/SOGo/dav/anonymous/</d:href></d:owner>'
  const types = '<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>'
  multistatus(
    reply,
    response('/SOGo/dav/anonymous/Calendar/personal/', [types, owner, '<cs:getctag>1</cs:getctag>'])
  )
}

function isTroubled(
  reply: ServerResponse,
  { trouble, status, headers = {}, body }: DavHabits,
  { objects }: FakeCalendar
): boolean {
  if (trouble === 'hangs') return true
  if (trouble === 'garbage') reply.end('{"garbage": 1}')
  else if (trouble === 'cut off') {
    reply.writeHead(207, { 'content-length': '99999' })
    reply.write(`<multistatus xmlns="DAV:"><response><calendar-data>${objects.join('').slice(0, 90)}`, () =>
      reply.destroy()
    )
  } else if (status !== undefined || body !== undefined) reply.writeHead(status ?? 207, headers).end(body)
  else return false
  return true
}

function propfindOf(
  fake: { versionOf(calendar: FakeCalendar): number },
  calendar: FakeCalendar,
  owner: string,
  path: string
): string {
  const { habits } = calendar
  const properties = [
    '<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>',
    '<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>',
    ownerOf(habits, owner)
  ]
  const version = habits.version === 'stands still' ? 1 : fake.versionOf(calendar)
  if (habits.version !== 'none')
    properties.push(`<cs:getctag>${version}</cs:getctag>`, `<d:sync-token>token-${version}</d:sync-token>`)
  if (!habits.refusesInside) return response(hrefOf(path, habits), properties)
  return `<d:response><d:href>${path}</d:href><d:propstat><d:prop><d:resourcetype/><d:owner/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response>`
}

function reportOf({ objects, habits }: FakeCalendar, path: string, body: string): string {
  const { suffix = '.ics', limit, withheld = 0, cdata, hasNoEtags, refusesInside } = habits
  const range = /time-range start="(\d{8}T\d{6}Z)" end="(\d{8}T\d{6}Z)"/.exec(body)
  const touched = objects
    .map((object, index) => ({ object, index }))
    .filter(({ object }) => range === null || touches(object, range[1]!, range[2]!, habits))
  const shown = touched.slice(0, limit)
  const answers = shown.map(({ object, index }) => {
    const text = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//fake//EN\r\n${object}\r\nEND:VCALENDAR\r\n`
    // sabre writes line breaks so that no parser changes them.
    const data = cdata ? `<![CDATA[${text}]]>` : escapeXml(text).replaceAll('\r', '&#13;')
    const etag = hasNoEtags ? '' : `<d:getetag>"${index}"</d:getetag>`
    return response(`${hrefOf(path, habits)}${index}${suffix}`, [
      `${etag}<c:calendar-data>${data}</c:calendar-data>`
    ])
  })
  for (let index = 0; index < withheld; index++)
    answers.push(
      `<d:response><d:href>${path}withheld-${index}${suffix}</d:href><d:propstat><d:prop><c:calendar-data/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response>`
    )
  if (shown.length < touched.length)
    answers.push(
      `<d:response><d:href>${path}</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status><d:error><d:number-of-matches-within-limits/></d:error></d:response>`
    )
  if (refusesInside)
    return `<d:response><d:href>${path}</d:href><d:propstat><d:prop><c:calendar-data/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response>`
  return answers.join('')
}

/** By days, so that zones do not matter; what recurs touches every range, unless the server is blind. */
function touches(object: string, start: string, end: string, { isBlind }: DavHabits): boolean {
  if (/^RRULE/m.test(object) && !isBlind) return true
  const days = [...object.matchAll(/^DT(?:START|END)[^:]*:(\d{8})/gm)].map((match) => match[1]!)
  const [first = ''] = days
  return first <= end.slice(0, 8) && (days.at(-1) ?? '') >= start.slice(0, 8)
}

function ownerOf({ owner }: DavHabits, login: string): string {
  if (owner === null) return ''
  return `<d:owner><d:href>${owner ?? `${principals}/${encodeURIComponent(login)}/`}</d:href></d:owner>`
}

function hrefOf(path: string, { hrefOrigin = '' }: DavHabits): string {
  return hrefOrigin + path.split('/').map(encodeURIComponent).join('/')
}

function response(href: string, properties: readonly string[]): string {
  const shown =
    href.includes('%') || href.includes('://') ? href : href.split('/').map(encodeURIComponent).join('/')
  return `<d:response><d:href>${shown}</d:href><d:propstat><d:prop>${properties.join('')}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
}

function multistatus(reply: ServerResponse, responses: string): void {
  reply.writeHead(207, { 'content-type': 'application/xml; charset=utf-8' })
  reply.end(
    `<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/">${responses}</d:multistatus>`
  )
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
