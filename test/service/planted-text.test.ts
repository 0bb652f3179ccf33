/** What a calendar system writes outside of calendars is planted with a word, which must come out nowhere: closed codes alone pass. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeAuthority, startTestServer } from '../connectors/test-server.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { hangSignal } from '../support/until.ts'

/** ASCII letters alone: it passes wherever a code or a name may stand. */
const WORD = 'Kanariefagel'
const NUMBER = 46_701_234_567
const authority = await makeAuthority()

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) =>
    response
      .writeHead(status, WORD, {
        'content-type': `application/json; charset=${WORD}`,
        [WORD]: WORD,
        'x-ms-ags-diagnostic': WORD
      })
      .end(JSON.stringify(body))
const soap =
  (status: number, inside: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response
      .writeHead(status, WORD, { 'content-type': 'text/xml', server: `Microsoft-IIS ${WORD}`, ...headers })
      .end(
        `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><h:ServerVersionInfo xmlns:h="t" MajorVersion="15" MinorVersion="2" MajorBuildNumber="1" Version="${WORD}"/></s:Header><s:Body>${inside}</s:Body></s:Envelope>`
      )
const fault = (code: string, response: string) =>
  `<s:Fault><faultcode>${code}</faultcode><faultstring>${WORD}</faultstring><detail>${response}<Message>${WORD}</Message><MessageXml><Value Name="InnerErrorResponseCode">${WORD}</Value></MessageXml></detail></s:Fault>`
const redirect =
  (location: string): Answer =>
  (_request, response) =>
    response.writeHead(302, WORD, { location, 'set-cookie': `${WORD}=${WORD}` }).end(WORD)
const calendar =
  (text: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(200, WORD, { 'content-type': `text/calendar; name=${WORD}`, ...headers }).end(text)
const vevent = (lines: string) =>
  `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:${WORD}\r\nX-WR-CALNAME:${WORD}\r\nBEGIN:VEVENT\r\nUID:${WORD}\r\nSUMMARY:${WORD}\r\n${lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`

const graphError = { error: { code: WORD, message: WORD, innerError: { code: WORD, 'request-id': WORD } } }
const batch =
  (answer: object): Answer =>
  (request, response, body) => {
    const { requests } = JSON.parse(body) as { requests: { id: string }[] }
    json(200, { responses: requests.map(({ id }) => ({ id, headers: { [WORD]: WORD }, ...answer })) })(
      request,
      response,
      ''
    )
  }

const entra: Readonly<Record<string, Answer>> = {
  'entra-error': json(400, {
    error: WORD,
    error_description: `AADSTS${NUMBER}: ${WORD}`,
    error_codes: [NUMBER]
  }),
  'entra-known': json(401, {
    error: 'invalid_client',
    error_description: `AADSTS7000222: ${WORD}`,
    error_codes: [7000222]
  }),
  'entra-redirect': redirect(`https://elsewhere.example/${WORD}?${WORD}`),
  'entra-html': (_request, response) => response.writeHead(200, WORD).end(`<html>${WORD}`)
}
const graph: Readonly<Record<string, Answer>> = {
  'graph-403': json(403, graphError),
  'graph-500': json(500, graphError),
  'graph-each-404': batch({ status: 404, body: graphError }),
  'graph-each-403': batch({ status: 403, body: graphError }),
  'graph-each-418': batch({ status: 418, body: { error: { code: WORD, message: WORD } } }),
  'graph-next': batch({
    status: 200,
    body: { value: [], '@odata.nextLink': `https://elsewhere.example/${WORD}` }
  }),
  'graph-event': batch({
    status: 200,
    body: { value: [{ id: WORD, subject: WORD, start: { dateTime: WORD } }] }
  }),
  'graph-redirect': redirect(`/${WORD}`),
  'graph-html': (_request, response) => response.writeHead(200, WORD).end(`<html>${WORD}`)
}
const ews: Readonly<Record<string, Answer>> = {
  'ews-redirect': redirect(`https://elsewhere.example/${WORD}/${WORD}.asmx?${WORD}`),
  'ews-circle': redirect(`/EWS/ews-circle/${WORD}.asmx`),
  'ews-page': redirect(`/${WORD}/logon.aspx?${WORD}`),
  'ews-fault': soap(500, fault(WORD, `<ResponseCode>${WORD}</ResponseCode>`)),
  'ews-faultcode': soap(500, fault(`x:${WORD}`, '')),
  'ews-other': soap(200, `<${WORD}Response/>`),
  'ews-cas': soap(503, WORD, { 'x-caserrorcode': WORD, 'x-diaginfo': WORD }),
  'ews-reason': soap(418, WORD),
  'ews-html': (_request, response) =>
    response.writeHead(200, WORD, { 'content-type': `text/html; ${WORD}` }).end(WORD),
  'ews-401': (_request, response) =>
    response
      .writeHead(401, WORD, { 'www-authenticate': `${WORD} realm="${WORD}", Digest ${WORD}=${WORD}` })
      .end(WORD)
}
const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
const ics: Readonly<Record<string, Answer>> = {
  'ics-404': (_request, response) => response.writeHead(404, WORD).end(WORD),
  'ics-418': (_request, response) => response.writeHead(418, WORD).end(WORD),
  'ics-redirect': redirect(`/ics-404/${WORD}`),
  'ics-circle': redirect(`/ics-circle?${WORD}`),
  'ics-encoding': calendar(WORD, { 'content-encoding': 'gzip' }),
  'ics-etag': calendar(vevent(`DTSTART:${day}T080000Z\r\nDTEND:${day}T090000Z`), {
    etag: `"${WORD}"`,
    'last-modified': WORD
  }),
  'ics-zone': calendar(vevent(`DTSTART;TZID=${WORD}:${day}T080000\r\nDTEND;TZID=${WORD}:${day}T090000`)),
  'ics-rule': calendar(vevent(`DTSTART:${day}T080000Z\r\nRRULE:FREQ=${WORD}`)),
  'ics-rule-part': calendar(vevent(`DTSTART:${day}T080000Z\r\nRRULE:FREQ=DAILY;${WORD}=1`)),
  'ics-start': calendar(vevent(`DTSTART:${WORD}`)),
  'ics-component': calendar(`BEGIN:VCALENDAR\r\nBEGIN:${WORD.toUpperCase()}\r\n`),
  'ics-end': calendar(`BEGIN:VCALENDAR\r\nBEGIN:${WORD.toUpperCase()}\r\nEND:VEVENT\r\n`),
  'ics-text': (_request, response) => response.writeHead(200, WORD, { 'content-type': WORD }).end(WORD)
}

const multistatus =
  (inside: string): Answer =>
  (request, response) =>
    response
      .writeHead(207, WORD, { 'content-type': `application/xml; x=${WORD}`, etag: `"${WORD}"` })
      .end(
        `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/">${inside.replaceAll('HREF', request.url ?? '')}</d:multistatus>`
      )
const davCalendar = `<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>${WORD}</d:displayname><cs:getctag>${WORD}</cs:getctag><d:sync-token>${WORD}</d:sync-token>`
const propstat = (properties: string, status = '200 OK') =>
  `<d:propstat><d:prop>${properties}</d:prop><d:status>HTTP/1.1 ${status} ${WORD}</d:status></d:propstat>`
const davResponse = (inside: string) =>
  `<d:response><d:href>HREF</d:href>${inside}<d:responsedescription>${WORD}</d:responsedescription></d:response>`
const caldav: Readonly<Record<string, Answer>> = {
  'caldav-401': (_request, response) =>
    response.writeHead(401, WORD, { 'www-authenticate': `${WORD} realm="${WORD}"` }).end(WORD),
  'caldav-403': (_request, response) => response.writeHead(403, WORD).end(WORD),
  'caldav-418': (_request, response) => response.writeHead(418, WORD).end(WORD),
  'caldav-redirect': redirect(`https://elsewhere.example/${WORD}?${WORD}`),
  'caldav-circle': redirect(`/caldav-circle/${WORD}`),
  'caldav-html': (_request, response) => response.writeHead(207, WORD).end(`<html>${WORD}`),
  'caldav-xml': multistatus(`<${WORD}>`),
  'caldav-nobody': multistatus(davResponse(`<d:status>HTTP/1.1 404 ${WORD}</d:status>`)),
  'caldav-refused': multistatus(davResponse(propstat('<d:resourcetype/>', '403 Forbidden'))),
  'caldav-owner': multistatus(
    davResponse(propstat(`${davCalendar}<d:owner><d:href>/${WORD}/</d:href></d:owner>`))
  ),
  'caldav-elsewhere': multistatus(
    davResponse(
      propstat(`${davCalendar}<d:owner><d:href>https://elsewhere.example/${WORD}/</d:href></d:owner>`)
    )
  ),
  'caldav-data': (request, response, body) =>
    multistatus(
      davResponse(
        propstat(
          request.method === 'REPORT'
            ? `<c:calendar-data>${vevent(`DTSTART:${WORD}`)}${WORD}</c:calendar-data>`
            : davCalendar
        )
      )
    )(request, response, body),
  'caldav-event': (request, response, body) =>
    multistatus(
      davResponse(
        propstat(
          request.method === 'REPORT'
            ? `<d:getetag>${WORD}</d:getetag><c:calendar-data>${vevent(`DTSTART:${day}T080000Z\r\nDTEND:${day}T090000Z`)}</c:calendar-data>`
            : davCalendar
        )
      )
    )(request, response, body)
}

/** One server for all; the scenario is a part of each path. */
async function startHostile(t: Test) {
  const all = { ...entra, ...graph, ...ews, ...ics, ...caldav }
  const used = new Set<string>()
  const server = await startTestServer(t, authority, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const url = request.url ?? ''
    const name = url.split(/[/?]/).find((part) => part in all)
    if (/oauth2/.test(url) && (name === undefined || !(name in entra))) {
      response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'token' }))
      return
    }
    if (name === undefined) return void response.writeHead(500).end()
    used.add(name)
    all[name]?.(request, response, Buffer.concat(chunks).toString())
  })
  return { origin: server.origin, used, names: Object.keys(all) }
}

/** A tenant for each scenario, with one user. */
async function makeTenants(service: ServiceProcess, origin: string): Promise<void> {
  const secret = { clientId: '3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b', clientSecret: 'shh', pollSeconds: 3600 }
  const put = async (tenant: string, connection: object, mailbox = 'anna@acme.example') => {
    const root = `/v1/tenants/${tenant}`
    const rules = { pack: 'infracom' }
    const user = { displayName: 'Anna', extension: '1070', mailbox, syncEnabled: true }
    for (const [path, body] of [
      ['', { name: tenant, timeZone: 'Europe/Stockholm', language: 'sv' }],
      ['/rules', rules],
      ['/connection', connection],
      ['/users/anna', user]
    ] as const) {
      const { status, text } = await service.call('PUT', root + path, body)
      if (status >= 300) throw new Error(`${root}${path}: ${status} ${text}`)
    }
  }
  for (const name of Object.keys(entra))
    await put(name, { kind: 'graph', tenantId: name, ...secret, cloud: { login: origin, graph: origin } })
  for (const name of Object.keys(graph)) {
    const cloud = { login: origin, graph: `${origin}/${name}` }
    await put(name, { kind: 'graph', tenantId: 'example.se', ...secret, cloud })
  }
  const auth = { kind: 'basic', user: 'svc', password: 'geheim' }
  for (const name of Object.keys(ews)) {
    const access = name.endsWith('fault') ? 'impersonation' : 'delegate'
    const url = `${origin}/EWS/${name}/Exchange.asmx`
    await put(name, { kind: 'ews', url, auth, access, ca: authority.ca, pollSeconds: 3600 })
  }
  for (const name of Object.keys(caldav)) {
    const userUrl = `/${name}/{mailbox}/`
    await put(name, { kind: 'caldav', url: origin, auth, userUrl, pollSeconds: 3600 })
  }
  for (const name of Object.keys(ics))
    await put(name, { kind: 'ics', pollSeconds: 3600 }, `${origin}/${name}`)
}

async function collectAnswers(service: ServiceProcess, names: readonly string[]): Promise<string[]> {
  const answers: string[] = []
  for (const tenant of names) {
    const root = `/v1/tenants/${tenant}`
    for (;;) {
      const { json, text } = await service.call('GET', `${root}/sync`)
      if (json.users[0].state !== 'never') {
        answers.push(text)
        break
      }
      hangSignal().throwIfAborted()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    for (const [method, path, body] of [
      ['POST', '/connection/test?user=anna', undefined],
      ['POST', '/rules/preview', { user: 'anna' }],
      ['GET', '/connection', undefined],
      ['GET', '/statuses', undefined],
      ['GET', '/users/anna/timeline?explain=true', undefined]
    ] as const) {
      answers.push((await service.call(method, root + path, body)).text)
    }
  }
  answers.push((await service.call('GET', '/metrics')).text)
  return answers
}

/** Case is ignored, and the number counts too. */
function tracesIn(bytes: Buffer | string): string[] {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1')
  // What operators wrote themselves does not hold it, so each is the server's.
  return [...text.matchAll(new RegExp(`.{0,80}(?:${WORD}|${NUMBER}).{0,40}`, 'gi'))].map(([found]) => found)
}

for (const store of ['lmdb', 'redis'] as const) {
  t.test(`nothing that a calendar system writes comes out as it stands: ${store}`, async (t) => {
    const hostile = await startHostile(t)
    const folder = t.testdir({ data: {} })
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, authority.ca)
    const received: Buffer[] = []
    const environment: Record<string, string> = { NODE_EXTRA_CA_CERTS: ca }
    if (store === 'redis') {
      const redis = await startRedis(t)
      const socket = connect(redis.port, '127.0.0.1', () => socket.write('MONITOR\r\n'))
      socket.on('data', (bytes) => received.push(bytes)).on('error', () => {})
      t.teardown(() => socket.destroy())
      environment.HANVISA_REDIS_URL = redis.url
      environment.HANVISA_MASTER_KEY = randomBytes(32).toString('base64')
    }
    const service = await startServiceProcess(t, environment, join(folder, 'data'))
    await makeTenants(service, hostile.origin)
    const answers = await collectAnswers(service, hostile.names)
    t.same(tracesIn(answers.join('\n')), [], 'no answer holds a trace')
    t.same(
      hostile.names.filter((name) => !hostile.used.has(name)),
      [],
      'each scenario was played'
    )
    await service.kill('SIGTERM')
    t.same(tracesIn(service.output.join('\n')), [], 'the log holds none')
    t.ok(service.output.length > 50)
    t.same(tracesIn(Buffer.concat(received)), [], 'Redis received none')
    t.equal(received.length > 0, store === 'redis')
    const files = await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile())) {
      t.same(tracesIn(await readFile(join(file.parentPath, file.name))), [], file.name)
    }
  })
}
