/** EWS: which server is meant, who calls and for whom, in which version, which faults apply, and the answer. */
import type { EntraDirectories } from '../directories.ts'
import type { FaultEffect, Faults, Route } from '../faults.ts'
import { ConcurrencyCounter } from '../graph/concurrency.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Requests } from '../requests.ts'
import type { Grant } from '../tokens.ts'
import { assignServer } from './affinity.ts'
import type { ServerAuthenticator } from './authenticator.ts'
import { callerOf } from './caller.ts'
import { faultEnvelope, numberedFault, SoapFault, soapResponse } from './envelope.ts'
import { corruptAnswer, errorPage, faultAnswer, xmlAnswer } from './injected-faults.ts'
import type { Account, ExchangeInstallation, Installations } from './installations.ts'
import { chargedMailboxOf, mailboxOfRequest } from './mailbox-of-request.ts'
import { type Operation, operations } from './operations.ts'
import type { Caller, RequestContext } from './request-context.ts'
import { signed, unauthorized, withExchangeHeaders } from './response-headers.ts'
import type { SubscriptionStore } from './subscription-store.ts'
import { addressesIn } from './user-availability.ts'
import { type ExchangeSchema, exchangeSchemas, refusalOf, supports } from './versions.ts'
import { descendantAt, parseXml, spaces, type XmlElement } from './xml.ts'
import { zoneOfContext } from './zones.ts'

export interface EwsHandlerDeps {
  readonly installations: Installations
  readonly directories: EntraDirectories
  readonly mailboxes: Mailboxes
  readonly faults: Faults
  readonly requests: Requests
  readonly subscriptions: SubscriptionStore
  readonly authenticator: ServerAuthenticator
  readonly clock: () => number
}

type Who = Account | Grant

/** Answers `/EWS/Exchange.asmx`, below a tenant's name or not, and null for everything else. */
export function createEwsHandler(
  deps: EwsHandlerDeps
): (call: ProtocolRequest) => Promise<ProtocolResponse | null> {
  const { authenticator: door } = deps
  const concurrency = new ConcurrencyCounter()
  return async (call) => {
    const installation = installationIn(deps, call, ['ews', 'exchange.asmx'])
    if (!installation) return null
    const before = await answerBeforeSignIn(deps, installation, call)
    if (before) return before
    const entered = door.authenticate(installation, call)
    if (entered.outcome !== 'signedIn') {
      record(
        deps,
        call,
        installation,
        { route: 'signIn', who: entered.user, mailbox: null, items: null },
        401
      )
      return withExchangeHeaders(installation, unauthorized(entered.authenticate))
    }
    const { who } = entered
    const document = call.method === 'POST' ? parseXml(call.body) : null
    const operation = descendantAt(document ?? undefined, 'Body')?.children[0]
    const kind = operations.get(operation?.name ?? '')
    const mailbox = operation ? mailboxOfRequest(document ?? undefined, operation) : null
    const about = {
      route: kind?.route ?? ('other' as const),
      who: nameOf(who),
      mailbox,
      items: operation?.name === 'GetUserAvailabilityRequest' ? addressesIn(operation).length : null
    }
    const place = `${installation.tenant} ${chargedMailboxOf(installation, document) ?? nameOf(who)}`
    const present = concurrency.enter(place)
    deps.requests.recordConcurrency(nameOf(who), present)
    try {
      const effect = await applyFault(deps, installation, call, about)
      const answer = corruptAnswer(
        faultAnswer(effect, installation, nameWithin(operation)) ??
          (await answerOf(deps, installation, { call, who, document, operation, kind, present })),
        effect,
        installation.version
      )
      record(deps, call, installation, about, answer.status)
      if (answer.status === 401) {
        door.forget(call)
        return withExchangeHeaders(installation, unauthorized(door.offers(installation)))
      }
      return withExchangeHeaders(
        installation,
        entered.authenticate === null ? answer : signed(answer, entered.authenticate)
      )
    } catch (error) {
      record(deps, call, installation, about, 0)
      throw error
    } finally {
      concurrency.leave(place)
    }
  }
}

interface Received {
  readonly call: ProtocolRequest
  readonly who: Who
  readonly document: XmlElement | null
  readonly operation: XmlElement | undefined
  readonly kind: Operation | undefined
  readonly present: number
}

async function answerOf(
  deps: EwsHandlerDeps,
  installation: ExchangeInstallation,
  received: Received
): Promise<ProtocolResponse> {
  const { version } = installation
  try {
    return await answerOrFault(deps, installation, received)
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error
    // The availability service of 2007 knows no codes.
    const numbered = version.build[0] === 8 && received.operation?.name === 'GetUserAvailabilityRequest'
    return xmlAnswer(
      500,
      numbered ? numberedFault(version, error.message, -2146233088) : faultEnvelope(version, error)
    )
  }
}

async function answerOrFault(
  deps: EwsHandlerDeps,
  installation: ExchangeInstallation,
  received: Received
): Promise<ProtocolResponse> {
  const { call, who, document, operation, kind, present } = received
  const { version } = installation
  if (call.method !== 'POST') return errorPage(405, 'HTTP verb used to access this page is not allowed.')
  if (!/^text\/xml\b/i.test(call.headers['content-type'] ?? '')) {
    return errorPage(415, 'The content type is not text/xml; charset=utf-8.')
  }
  if (document?.name !== 'Envelope' || document.space !== spaces.soap) return errorPage(400, 'Bad Request')
  const header = descendantAt(document, 'Header')
  const schema = schemaOf(installation, header, operation)
  if (!operation || !kind || !supports(version.schema, kind.since)) {
    throw new SoapFault(
      'ErrorSchemaValidation',
      'The request failed schema validation: no such operation is known.'
    )
  }
  if (!supports(schema, kind.since) && kind.since !== 'Exchange2007_SP1') {
    throw new SoapFault(
      'ErrorIncorrectSchemaVersion',
      'The request is valid but does not specify the correct server version in the RequestServerVersion SOAP header.  Ensure that the RequestServerVersion SOAP header is set with the correct RequestServerVersionValue.'
    )
  }
  if (present > installation.atOnce) {
    throw new SoapFault(
      'ErrorExceededConnectionCount',
      'You have exceeded the available concurrent connections for your account.  Try again once your other requests have completed.'
    )
  }
  const caller: Caller | ProtocolResponse = callerOf({
    ...deps,
    installation,
    who,
    header,
    schema,
    operation,
    call
  })
  if ('status' in caller) return caller
  const landing = assignServer(installation, call, caller.address)
  const context: RequestContext = {
    server: landing.server,
    installation,
    mailboxes: deps.mailboxes,
    faults: deps.faults,
    caller,
    schema,
    zone: supports(version.schema, 'Exchange2010') ? zoneOfContext(header) : null,
    operation,
    call,
    now: deps.clock()
  }
  const made = await kind.run(context, deps.subscriptions)
  const answer = xmlAnswer(200, typeof made === 'string' ? soapResponse(version, made) : '')
  const headers =
    landing.cookie === null ? answer.headers : { ...answer.headers, 'Set-Cookie': landing.cookie }
  return typeof made === 'string' ? { ...answer, headers } : { ...answer, headers, body: made }
}

/** Without the header a server believes that it speaks with somebody from 2007. */
function schemaOf(
  { version }: ExchangeInstallation,
  header: XmlElement | undefined,
  operation: XmlElement | undefined
): ExchangeSchema {
  // The binding of 2007 has no such header for this operation, and what is not bound is not read.
  if (version.build[0] === 8 && operation?.name === 'GetUserAvailabilityRequest') return version.schema
  const context = descendantAt(header, 'RequestServerVersion')?.attributes.Version ?? 'Exchange2007'
  const refusal = refusalOf(version, context)
  if (refusal === 'ErrorInvalidRequest') throw new SoapFault(refusal, 'The request is invalid.')
  if (refusal !== null) throw new SoapFault(refusal, 'The specified server version is invalid.')
  return exchangeSchemas.find((name) => name === context) ?? 'Exchange2007'
}

/** By the path: below a tenant's id or domain, or without either the server that was put first. */
function installationIn(
  { directories, installations }: Pick<EwsHandlerDeps, 'directories' | 'installations'>,
  { segments }: ProtocolRequest,
  tail: readonly string[]
): ExchangeInstallation | undefined {
  const below = segments.slice(-tail.length).map((each) => each.toLowerCase())
  if (below.join('/') !== tail.join('/')) return undefined
  const before = segments.slice(0, -tail.length)
  if (before.length === 0) return installations.first()
  const directory = before.length === 1 ? directories.find(before[0] ?? '') : undefined
  return directory && installations.get(directory.id)
}

/** What stands before the sign-in, such as a proxy with a page of its own; null when nothing does. */
async function answerBeforeSignIn(
  deps: EwsHandlerDeps,
  installation: ExchangeInstallation,
  call: ProtocolRequest
): Promise<ProtocolResponse | null> {
  if (!deps.faults.any) return null
  const about: About = { route: 'signIn', who: null, mailbox: null, items: null }
  const effect = await applyFault(deps, installation, call, about)
  if (effect === null) return null
  const answer = corruptAnswer(
    faultAnswer(effect, installation, 'GetFolder') ?? errorPage(200, 'Signed in'),
    effect,
    installation.version
  )
  record(deps, call, installation, about, answer.status)
  return answer.status === 401 ? unauthorized(deps.authenticator.offers(installation)) : answer
}

function applyFault(
  { faults, directories, mailboxes }: EwsHandlerDeps,
  { tenant }: ExchangeInstallation,
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
      // Of an availability request each mailbox has its own fault.
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
  deps: EwsHandlerDeps,
  call: ProtocolRequest,
  { tenant }: ExchangeInstallation,
  about: About,
  status: number
): void {
  const { route, who, mailbox, items } = about
  deps.requests.add({
    at: deps.clock(),
    route,
    tenant,
    clientId: who,
    mailbox: mailbox === null ? null : (deps.mailboxes.find(tenant, mailbox)?.address ?? mailbox),
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

function nameWithin(operation: XmlElement | undefined): string {
  const name = operation?.name ?? 'GetFolder'
  return name.replace(/Request$/, '')
}
