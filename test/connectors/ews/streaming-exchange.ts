/** An Exchange that only streams, over real TLS and NTLM, and says on each stream just what the test wants. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import type { EwsConnection } from '../../../src/connectors/connection.ts'
import type {
  CalendarSubscription,
  Connector,
  SubscriptionListener
} from '../../../src/connectors/connector.ts'
import { createEwsConnector } from '../../../src/connectors/ews/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { calendarView, fault, server as serverInfo, soapReply } from './replies.ts'
import { type AskingServer, account, type ServerOptions, serverCertificate, startServer } from './server.ts'

const messages = 'http://schemas.microsoft.com/exchange/services/2006/messages'
const types = 'http://schemas.microsoft.com/exchange/services/2006/types'

export interface FakeStreamingCall {
  readonly operation: string
  /** Whom it impersonates. */
  readonly mailbox: string
  readonly headers: IncomingMessage['headers']
}

export interface FakeStream {
  readonly ids: readonly string[]
  readonly mailbox: string
  readonly headers: IncomingMessage['headers']
  readonly response: ServerResponse
  readonly gone: boolean
  say(...documents: string[]): void
  end(...documents: string[]): void
}

export interface StreamingExchange {
  readonly server: AskingServer
  readonly calls: FakeStreamingCall[]
  /** All there ever were. */
  readonly streams: FakeStream[]
  /** Those that are open. */
  readonly open: readonly FakeStream[]
  /** Answers with this instead, while it gives any. */
  refuse: (call: FakeStreamingCall) => string | null
  /** As Exchange does it, the first stream of a subscription ends when a second is opened. */
  takesOver: boolean
  /** What a stream begins with. */
  greet: (stream: FakeStream) => void
  /** GroupingInformation of a mailbox; null: there is no Autodiscover here. */
  serverOf: ((mailbox: string) => string) | null
  /** How often Autodiscover was asked. */
  discoveries: number
  /** `Set-Cookie` of what it answers. */
  cookies: (call: FakeStreamingCall) => string[]
  readonly timers: ManualTimers
  connector(changes?: Partial<EwsConnection>): Connector
  watch(connector: Connector, ...mailboxes: string[]): RecordedSubscription[]
}

/** The name of a mailbox's first, second… subscription. */
export const nthSubscriptionId = (mailbox: string, nth = 1) => `${mailbox}#${nth}`

export async function streamingExchange(t: Test, options: ServerOptions = {}): Promise<StreamingExchange> {
  const timers = manualTimers()
  const made = new Map<string, number>()
  const exchange = {
    calls: [] as FakeStreamingCall[],
    streams: [] as FakeStream[],
    get open() {
      return exchange.streams.filter(({ gone }) => !gone)
    },
    refuse: (_: FakeStreamingCall): string | null => null,
    takesOver: true,
    greet: (stream: FakeStream) => stream.say(ok()),
    serverOf: null as ((mailbox: string) => string) | null,
    discoveries: 0,
    cookies: (_: FakeStreamingCall): string[] => []
  }
  const server = await startServer(t, {
    answer(request, response, body) {
      if (request.url?.endsWith('.svc')) {
        exchange.discoveries += 1
        const asked = Array.from(body.matchAll(/<a:Mailbox>([^<]*)/g), ([, mailbox]) => mailbox!)
        const { serverOf } = exchange
        if (serverOf === null) response.writeHead(404).end()
        else response.setHeader('content-type', 'text/xml; charset=utf-8').end(userSettings(asked, serverOf))
        return
      }
      const operation = /<m:(\w+)/.exec(body)?.[1] ?? ''
      const mailbox = /<t:(?:SmtpAddress|PrincipalName)>([^<]*)/.exec(body)?.[1] ?? ''
      const call = { operation, mailbox, headers: request.headers }
      exchange.calls.push(call)
      const refusal = exchange.refuse(call)
      const cookies = exchange.cookies(call)
      if (cookies.length > 0) response.setHeader('set-cookie', cookies)
      response.setHeader('content-type', 'text/xml; charset=utf-8')
      if (refusal !== null) response.writeHead(refusal.includes(':Fault>') ? 500 : 200).end(refusal)
      else if (operation === 'FindItem') response.end(calendarView([]))
      else if (operation === 'Subscribe') {
        const nth = (made.get(mailbox) ?? 0) + 1
        made.set(mailbox, nth)
        response.end(subscribed(nthSubscriptionId(mailbox, nth)))
      } else if (operation === 'Unsubscribe') response.end(replied('Unsubscribe', ''))
      else {
        const ids = Array.from(body.matchAll(/<t:SubscriptionId>([^<]*)/g), ([, id]) => id ?? '')
        const stream: FakeStream = {
          ids,
          mailbox,
          headers: request.headers,
          response,
          get gone() {
            return response.destroyed || response.writableEnded
          },
          say: (...documents) => void response.write(documents.join('')),
          end: (...documents) => void response.end(documents.join(''))
        }
        const before = exchange.open.filter((each) => each.ids.some((id) => ids.includes(id)))
        exchange.streams.push(stream)
        exchange.greet(stream)
        for (const each of exchange.takesOver ? before : []) {
          each.end(closed('ErrorNewEventStreamConnectionOpened'))
        }
      }
    },
    ...options
  })
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const connectors: Connector[] = []
  t.teardown(async () => {
    for (const each of connectors) await each.close()
    await outbound.close()
  })
  return Object.assign(exchange, {
    server,
    timers,
    connector(changes: Partial<EwsConnection> = {}) {
      const connection: EwsConnection = {
        kind: 'ews',
        url: server.url,
        auth: { kind: 'ntlm', ...account },
        access: 'impersonation',
        version: 'auto',
        ca: serverCertificate.signer,
        pollSeconds: 60,
        ...changes
      }
      const made = createEwsConnector({
        connection,
        outbound,
        addressPolicy: anyAddress,
        environment: {},
        clock: () => Date.parse('2026-11-18T08:00:00Z') + timers.now(),
        after: timers.after,
        random: () => 0.5
      })
      connectors.push(made)
      return made
    },
    watch: (connector: Connector, ...mailboxes: string[]) =>
      mailboxes.map((each) => subscribeRecorded(connector, each))
  })
}

/** getusersettings-operation-soap.md: a UserResponse for each User, in their order. */
function userSettings(mailboxes: readonly string[], serverOf: (mailbox: string) => string): string {
  const users = mailboxes.map(
    (mailbox) =>
      `<UserResponse><ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage><RedirectTarget/><UserSettingErrors/><UserSettings><UserSetting><Name>ExternalEwsUrl</Name><Value>https://mail.example.se/EWS/Exchange.asmx</Value></UserSetting><UserSetting><Name>GroupingInformation</Name><Value>${serverOf(mailbox)}</Value></UserSetting></UserSettings></UserResponse>`
  )
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetUserSettingsResponseMessage xmlns="http://schemas.microsoft.com/exchange/2010/Autodiscover"><Response><ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses>${users.join('')}</UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>`
}

/** The calls of a listener, in words: `active`, `changed`, `inactive CODE`. */
export interface RecordedSubscription {
  readonly mailbox: string
  readonly events: string[]
  readonly hint: string
  readonly isActive: boolean
  readonly changes: number
  readonly watch: CalendarSubscription
}

export function subscribeRecorded(connector: Connector, mailbox: string): RecordedSubscription {
  const received: string[] = []
  let hint = ''
  let isActive = false
  const listener: SubscriptionListener = {
    onChange: () => void received.push('changed'),
    onActive() {
      isActive = true
      received.push('active')
    },
    onInactive(reason) {
      isActive = false
      hint = reason?.hint ?? ''
      received.push(`inactive ${reason?.code ?? '-'}`)
    }
  }
  const watch = connector.subscribe({ mailbox, targetId: mailbox.replace('@', '-') }, listener)
  return {
    mailbox,
    events: received,
    watch,
    get hint() {
      return hint
    },
    get isActive() {
      return isActive
    },
    get changes() {
      return received.filter((each) => each === 'changed').length
    }
  }
}

export function allActive(recorded: readonly RecordedSubscription[]): boolean {
  return recorded.every(({ isActive }) => isActive)
}

export interface ManualTimers {
  after(milliseconds: number, call: () => void): () => void
  /** Lets time pass, and rings whatever is due, in order. */
  pass(milliseconds: number): void
  /** Whether something is due by then. */
  waits(milliseconds: number): boolean
  now(): number
}

export function manualTimers(): ManualTimers {
  const waiting = new Set<{ at: number; call: () => void }>()
  let now = 0
  return {
    now: () => now,
    after(milliseconds, call) {
      const one = { at: now + milliseconds, call }
      waiting.add(one)
      return () => void waiting.delete(one)
    },
    waits: (milliseconds) => [...waiting].some(({ at }) => at <= now + milliseconds),
    pass(milliseconds) {
      const until = now + milliseconds
      for (;;) {
        const [first] = [...waiting].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
        if (first === undefined) break
        waiting.delete(first)
        now = Math.max(now, first.at)
        first.call()
      }
      now = until
    }
  }
}

/** As streams write it: prefixes unlike all other answers', and a declaration of its own. */
export function message(content: string, code = 'NoError', declared = true): string {
  const head = declared ? '<?xml version="1.0" encoding="utf-8"?>' : ''
  const answer = code === 'NoError' ? 'Success' : 'Error'
  const text = code === 'NoError' ? '' : '<m:MessageText>Nej, säger EX01 – 名前</m:MessageText>'
  return `${head}<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Header xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1748" MinorBuildNumber="1" xmlns="${types}"/></soap11:Header><soap11:Body xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><m:GetStreamingEventsResponse xmlns:m="${messages}" xmlns:t="${types}"><m:ResponseMessages><m:GetStreamingEventsResponseMessage ResponseClass="${answer}">${text}<m:ResponseCode>${code}</m:ResponseCode>${content}</m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse></soap11:Body></Envelope>`
}

export const ok = () => message('<m:ConnectionStatus>OK</m:ConnectionStatus>')
export const closed = (code?: string) => message('<m:ConnectionStatus>Closed</m:ConnectionStatus>', code)
export const heartbeat = (id: string) => notification(id, '<t:StatusEvent/>')
export const edited = (id: string, type = 'ModifiedEvent') =>
  notification(
    id,
    `<t:${type}><t:TimeStamp>2026-11-18T08:00:00Z</t:TimeStamp><t:ItemId Id="å=" ChangeKey="DwAAAA=="/><t:ParentFolderId Id="f=" ChangeKey="AQAAAA=="/></t:${type}>`
  )

export function notification(id: string, events: string): string {
  return message(
    `<m:Notifications><m:Notification><t:SubscriptionId>${id}</t:SubscriptionId>${events}</m:Notification></m:Notifications>`
  )
}

/** The ids stand in the messages namespace in some versions, and in that of types in others. */
export function lostSubscriptions(
  ids: readonly string[],
  code = 'ErrorSubscriptionNotFound',
  prefix = 'm'
): string {
  const list = ids.map((id) => `<${prefix}:SubscriptionId>${id}</${prefix}:SubscriptionId>`).join('')
  return message(list === '' ? '' : `<m:ErrorSubscriptionIds>${list}</m:ErrorSubscriptionIds>`, code)
}

function subscribed(id: string): string {
  return replied('Subscribe', `<m:SubscriptionId>${id}</m:SubscriptionId>`)
}

export function replied(operation: string, content: string, code = 'NoError'): string {
  const answer = code === 'NoError' ? 'Success' : 'Error'
  return soapReply(
    `<m:${operation}Response xmlns:m="${messages}" xmlns:t="${types}"><m:ResponseMessages><m:${operation}ResponseMessage ResponseClass="${answer}"><m:ResponseCode>${code}</m:ResponseCode>${content}</m:${operation}ResponseMessage></m:ResponseMessages></m:${operation}Response>`,
    serverInfo(15, 2, 1748)
  )
}

export { fault }
