/** EWS: which server is meant, who calls and for whom, in which version, what befalls the call, and its answer. */
import { randomUUID } from 'node:crypto'
import type { EntraDirectories } from '../directories.ts'
import type { FaultEffect, Faults, Route } from '../faults.ts'
import { ConcurrencyCounter } from '../graph/concurrency.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Requests } from '../requests.ts'
import type { Grant } from '../tokens.ts'
import { landingOf } from './affinity.ts'
import type { Asked, Caller } from './asked.ts'
import { callerOf } from './caller.ts'
import { envelope, Fault, faultEnvelope, numberedFault } from './envelope.ts'
import type { Account, Installation, Installations } from './installations.ts'
import type { Notices } from './notices.ts'
import { type Operation, operations } from './operations.ts'
import type { Door } from './sign-in.ts'
import { mailboxBudget, targetOf } from './target.ts'
import { answerTo, page, spoilt, xmlAnswer } from './trouble.ts'
import { addressesIn } from './user-availability.ts'
import { refusalOf, type Schema, schemas, supports } from './versions.ts'
import { at, type Element, readXml, spaces } from './xml.ts'
import { zoneOfContext } from './zones.ts'

export interface EwsNeeds {
  readonly installations: Installations
  readonly directories: EntraDirectories
  readonly mailboxes: Mailboxes
  readonly faults: Faults
  readonly requests: Requests
  readonly notices: Notices
  readonly door: Door
  readonly clock: () => number
}

type Who = Account | Grant

/** Answers `/EWS/Exchange.asmx`, below a tenant's name or not, and null for everything else. */
export function ews(needs: EwsNeeds): (call: ProtocolRequest) => Promise<ProtocolResponse | null> {
  const { door } = needs
  const atOnce = new ConcurrencyCounter()
  return async (call) => {
    const installation = installationIn(needs, call, ['ews', 'exchange.asmx'])
    if (!installation) return null
    const before = await inFront(needs, installation, call)
    if (before) return before
    const entered = door.enter(installation, call)
    if (entered.outcome !== 'signedIn') {
      record(
        needs,
        call,
        installation,
        { route: 'signIn', who: entered.user, mailbox: null, items: null },
        401
      )
      return withIds(installation, unauthorized(entered.authenticate))
    }
    const { who } = entered
    const document = call.method === 'POST' ? readXml(call.body) : null
    const operation = at(document ?? undefined, 'Body')?.children[0]
    const kind = operations.get(operation?.name ?? '')
    const mailbox = operation ? targetOf(document ?? undefined, operation) : null
    const about = {
      route: kind?.route ?? ('other' as const),
      who: nameOf(who),
      mailbox,
      items: operation?.name === 'GetUserAvailabilityRequest' ? addressesIn(operation).length : null
    }
    const place = `${installation.tenant} ${mailboxBudget(installation, document) ?? nameOf(who)}`
    const present = atOnce.enter(place)
    needs.requests.recordConcurrency(nameOf(who), present)
    try {
      const suffering = await suffer(needs, installation, call, about)
      const answer = spoilt(
        answerTo(suffering, installation, nameWithin(operation)) ??
          (await answerOf(needs, installation, { call, who, document, operation, kind, present })),
        suffering,
        installation.version
      )
      record(needs, call, installation, about, answer.status)
      if (answer.status === 401) {
        door.forget(call)
        return withIds(installation, unauthorized(door.offers(installation)))
      }
      return withIds(
        installation,
        entered.authenticate === null ? answer : signed(answer, entered.authenticate)
      )
    } catch (error) {
      record(needs, call, installation, about, 0)
      throw error
    } finally {
      atOnce.leave(place)
    }
  }
}

interface Received {
  readonly call: ProtocolRequest
  readonly who: Who
  readonly document: Element | null
  readonly operation: Element | undefined
  readonly kind: Operation | undefined
  readonly present: number
}

async function answerOf(
  needs: EwsNeeds,
  installation: Installation,
  received: Received
): Promise<ProtocolResponse> {
  const { version } = installation
  try {
    return await answerOrFault(needs, installation, received)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // The availability service of 2007 knows no codes.
    const numbered = version.build[0] === 8 && received.operation?.name === 'GetUserAvailabilityRequest'
    return xmlAnswer(
      500,
      numbered ? numberedFault(version, error.message, -2146233088) : faultEnvelope(version, error)
    )
  }
}

async function answerOrFault(
  needs: EwsNeeds,
  installation: Installation,
  received: Received
): Promise<ProtocolResponse> {
  const { call, who, document, operation, kind, present } = received
  const { version } = installation
  if (call.method !== 'POST') return page(405, 'HTTP verb used to access this page is not allowed.')
  if (!/^text\/xml\b/i.test(call.headers['content-type'] ?? '')) {
    return page(415, 'The content type is not text/xml; charset=utf-8.')
  }
  if (document?.name !== 'Envelope' || document.space !== spaces.soap) return page(400, 'Bad Request')
  const header = at(document, 'Header')
  const schema = schemaOf(installation, header, operation)
  if (!operation || !kind || !supports(version.schema, kind.since)) {
    throw new Fault(
      'ErrorSchemaValidation',
      'The request failed schema validation: no such operation is known.'
    )
  }
  if (!supports(schema, kind.since) && kind.since !== 'Exchange2007_SP1') {
    throw new Fault(
      'ErrorIncorrectSchemaVersion',
      'The request is valid but does not specify the correct server version in the RequestServerVersion SOAP header.  Ensure that the RequestServerVersion SOAP header is set with the correct RequestServerVersionValue.'
    )
  }
  if (present > installation.atOnce) {
    throw new Fault(
      'ErrorExceededConnectionCount',
      'You have exceeded the available concurrent connections for your account.  Try again once your other requests have completed.'
    )
  }
  const caller: Caller | ProtocolResponse = callerOf({
    ...needs,
    installation,
    who,
    header,
    schema,
    operation,
    call
  })
  if ('status' in caller) return caller
  const landing = landingOf(installation, call, caller.address)
  const asked: Asked = {
    server: landing.server,
    installation,
    mailboxes: needs.mailboxes,
    faults: needs.faults,
    caller,
    schema,
    zone: supports(version.schema, 'Exchange2010') ? zoneOfContext(header) : null,
    operation,
    call,
    now: needs.clock()
  }
  const made = await kind.run(asked, needs.notices)
  const answer = xmlAnswer(200, typeof made === 'string' ? envelope(version, made) : '')
  const headers =
    landing.cookie === null ? answer.headers : { ...answer.headers, 'Set-Cookie': landing.cookie }
  return typeof made === 'string' ? { ...answer, headers } : { ...answer, headers, body: made }
}

/** Without the header a server believes that it speaks with somebody from 2007. */
function schemaOf(
  { version }: Installation,
  header: Element | undefined,
  operation: Element | undefined
): Schema {
  // The binding of 2007 has no such header for this operation, and what is not bound is not read.
  if (version.build[0] === 8 && operation?.name === 'GetUserAvailabilityRequest') return version.schema
  const asked = at(header, 'RequestServerVersion')?.attributes.Version ?? 'Exchange2007'
  const refusal = refusalOf(version, asked)
  if (refusal === 'ErrorInvalidRequest') throw new Fault(refusal, 'The request is invalid.')
  if (refusal !== null) throw new Fault(refusal, 'The specified server version is invalid.')
  return schemas.find((name) => name === asked) ?? 'Exchange2007'
}

/** By the path: below a tenant's id or domain, or without either the server that was put first. */
function installationIn(
  { directories, installations }: Pick<EwsNeeds, 'directories' | 'installations'>,
  { segments }: ProtocolRequest,
  tail: readonly string[]
): Installation | undefined {
  const below = segments.slice(-tail.length).map((each) => each.toLowerCase())
  if (below.join('/') !== tail.join('/')) return undefined
  const before = segments.slice(0, -tail.length)
  if (before.length === 0) return installations.first()
  const directory = before.length === 1 ? directories.find(before[0] ?? '') : undefined
  return directory && installations.get(directory.id)
}

/** What stands before the sign-in, such as a proxy with a page of its own; null when nothing does. */
async function inFront(
  needs: EwsNeeds,
  installation: Installation,
  call: ProtocolRequest
): Promise<ProtocolResponse | null> {
  if (!needs.faults.any) return null
  const about: About = { route: 'signIn', who: null, mailbox: null, items: null }
  const suffering = await suffer(needs, installation, call, about)
  if (suffering === null) return null
  const answer = spoilt(
    answerTo(suffering, installation, 'GetFolder') ?? page(200, 'Signed in'),
    suffering,
    installation.version
  )
  record(needs, call, installation, about, answer.status)
  return answer.status === 401 ? unauthorized(needs.door.offers(installation)) : answer
}

function suffer(
  { faults, directories, mailboxes }: EwsNeeds,
  { tenant }: Installation,
  call: ProtocolRequest,
  { route, who, mailbox }: About
): Promise<FaultEffect | null> {
  const domain = directories.find(tenant)?.domain
  const found = mailbox === null ? undefined : mailboxes.find(tenant, mailbox)
  const names = mailbox === null ? [] : [mailbox, ...(found ? [found.address, ...found.aliases] : [])]
  return faults.apply(
    {
      tenant: domain ? [tenant, domain] : [tenant],
      clientId: who,
      // Of an availability request each mailbox suffers for itself.
      mailbox: route === 'getUserAvailability' ? [] : names.map((each) => each.toLowerCase()),
      route: route === 'other' ? 'ews' : route
    },
    call.signal
  )
}

interface About {
  readonly route: Route | 'other'
  readonly who: string | null
  readonly mailbox: string | null
  readonly items: number | null
}

function record(
  needs: EwsNeeds,
  call: ProtocolRequest,
  { tenant }: Installation,
  about: About,
  status: number
): void {
  const { route, who, mailbox, items } = about
  needs.requests.add({
    at: needs.clock(),
    route,
    tenant,
    clientId: who,
    mailbox: mailbox === null ? null : (needs.mailboxes.find(tenant, mailbox)?.address ?? mailbox),
    method: call.method,
    url: call.url,
    status,
    items,
    batch: null
  })
}

function nameOf(who: Who): string {
  return 'clientId' in who ? who.clientId : who.address
}

function nameWithin(operation: Element | undefined): string {
  const name = operation?.name ?? 'GetFolder'
  return name.replace(/Request$/, '')
}

function unauthorized(authenticate: readonly string[]): ProtocolResponse {
  return page(401, '401 - Unauthorized: Access is denied due to invalid credentials.', {
    'WWW-Authenticate': [...authenticate]
  })
}

function signed(answer: ProtocolResponse, authenticate: string): ProtocolResponse {
  return { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': authenticate } }
}

function withIds({ version }: Installation, answer: ProtocolResponse): ProtocolResponse {
  const newer = version.build[0] >= 15
  const headers = newer
    ? { 'request-id': randomUUID(), 'X-FEServer': 'EX01', 'X-CalculatedBETarget': 'ex01.hanvisa.example' }
    : {}
  return { ...answer, headers: { ...answer.headers, ...headers, 'X-Powered-By': 'ASP.NET' } }
}
