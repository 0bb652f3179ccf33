/** What the Graph parsers must make of each file in the fixtures' `graph` folder. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { signInError } from '../../src/connectors/entra/sign-in-error.ts'
import { membersOf, parseBatchResponse } from '../../src/connectors/graph/client/batch-response.ts'
import { graphResponseError } from '../../src/connectors/graph/errors.ts'
import { clientStateOf, keyIdOf } from '../../src/connectors/graph/notifications/url.ts'
import { createNotificationVerifiers } from '../../src/connectors/graph/notifications/verifier.ts'
import { parseCalendarEvents } from '../../src/connectors/graph/read/calendar-events.ts'
import { parseSchedule } from '../../src/connectors/graph/read/schedules.ts'
import { subscriptionError } from '../../src/connectors/graph/subscriptions/errors.ts'
import { parseSubscription } from '../../src/connectors/graph/subscriptions/requests.ts'
import { RemoteError } from '../../src/errors.ts'

/** One file and what is wrong with it; `fault` is null where all is as expected. */
export interface CheckedFile {
  readonly file: string
  /** What was found, in a few words. */
  readonly found: string
  readonly fault: string | null
}

/** Every file is parsed by the connector's own parsers, or named here as belonging to something that is not built yet. */
export async function checkGraphFixtures(folder: string): Promise<readonly CheckedFile[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const checked = await Promise.all(
    files.map(async (file) => checkFile(file, await readFile(join(folder, file))))
  )
  const missing = Object.keys(expectations).filter((file) => !files.includes(file))
  return [...checked, ...missing.map((file) => ({ file, found: 'nothing', fault: 'the file is not there' }))]
}

function checkFile(file: string, bytes: Buffer): CheckedFile {
  const later = notYet.find(([beginning]) => file.startsWith(beginning))
  if (later !== undefined) return { file, found: later[1], fault: null }
  const expectation = expectations[file]
  if (expectation === undefined)
    return { file, found: 'an unknown file', fault: 'no expectation is written for it' }
  const [parse, expected] = expectation
  try {
    const found = parse(bytes)
    const fault = isDeepStrictEqual(found, expected) ? null : `expected ${JSON.stringify(expected)}`
    return { file, found: JSON.stringify(found), fault }
  } catch (error) {
    return { file, found: 'a crash', fault: String(error) }
  }
}

/** By the beginning of the file's name. */
const notYet: readonly (readonly [beginning: string, found: string])[] = [
  ['batch.request', 'a request: what is sent is checked by the simulator'],
  ['getSchedule.request', 'a request: what is sent is checked by the simulator'],
  ['event.create.request', 'later: two-way bookings'],
  ['contacts.', 'later: contacts'],
  ['delta.', 'later: delta'],
  ['subscription.create.request', 'a request: what is sent is checked by the simulator'],
  ['mailboxSettings.', 'later: automatic replies and office hours'],
  ['presence.', 'later: presence']
]

const zone = 'Europe/Stockholm'

/** Parser and figures. An event reads `start/end busy`, with `all-day`, visibility, `cancelled` and response where present. */
const expectations: Readonly<
  Record<string, readonly [parse: (bytes: Buffer) => unknown, expected: unknown]>
> = {
  'calendarView.page-full.json': [
    events,
    [
      '2026-11-23T11:00Z/2026-11-23T12:00Z busy organizer',
      '2026-11-23T23:00Z/2026-11-25T23:00Z oof all-day organizer Vacation',
      '2026-11-24T09:00Z/2026-11-24T09:30Z tentative tentative',
      '2026-11-25T13:00Z/2026-11-25T14:00Z busy private organizer',
      '2026-11-25T15:00Z/2026-11-25T16:00Z free cancelled accepted',
      '2026-11-26T08:00Z/2026-11-26T17:00Z workingElsewhere organizer'
    ]
  ],
  // The documentation's sample lacks what every event has, its id first of all.
  'calendarView.page-minimal.json': [events, 'protocol_error value[0].id'],
  'events.page.json': [events, ['2017-04-21T17:00Z/2017-04-21T19:00Z unknown organizer']],
  'event.get.json': [event, ['2017-04-21T17:00Z/2017-04-21T19:00Z unknown organizer']],
  'event.create.response-201.json': [event, ['2017-04-15T18:00Z/2017-04-15T19:00Z busy organizer']],
  'getSchedule.ok-two-users.json': [
    schedules,
    {
      'adelev@contoso.onmicrosoft.com': ['2019-03-15T19:00Z/2019-03-15T21:00Z busy organizer'],
      'meganb@contoso.onmicrosoft.com': [
        '2019-03-15T15:30Z/2019-03-15T16:30Z busy organizer',
        '2019-03-15T19:00Z/2019-03-15T21:00Z busy organizer',
        '2019-03-15T19:00Z/2019-03-15T20:00Z tentative notResponded',
        '2019-03-15T20:00Z/2019-03-15T21:00Z busy organizer',
        '2019-03-15T23:00Z/2019-03-16T00:00Z tentative notResponded'
      ]
    }
  ],
  'getSchedule.ok-freebusy-only.json': [
    schedules,
    {
      'AlexW@contoso.OnMicrosoft.com': [
        '2018-08-06T16:00Z/2018-08-06T17:30Z tentative notResponded',
        '2018-08-06T18:00Z/2018-08-06T20:00Z busy organizer'
      ]
    }
  ],
  'getSchedule.error-per-mailbox-5009.json': [
    schedules,
    { 'ghost@contoso.onmicrosoft.com': 'mailbox_unknown' }
  ],
  'getSchedule.mixed-ok-and-error.json': [
    schedules,
    {
      'adelev@contoso.onmicrosoft.com': ['2019-03-15T19:00Z/2019-03-15T21:00Z busy organizer'],
      'ghost@contoso.onmicrosoft.com': 'mailbox_unknown',
      'crowded@contoso.onmicrosoft.com': 'protocol_error'
    }
  ],
  'batch.response-mixed.json': [
    batch,
    { 2: 'access_denied mailbox', 3: 'consent_missing mailbox', 4: 'protocol_error mailbox', 5: 200 }
  ],
  'batch.response-with-429.json': [
    batch,
    { 2: 200, 1: 'throttled mailbox after 10000', 3: 'unreachable mailbox' }
  ],
  'error.403-ErrorAccessDenied-app-access-policy.json': [errorWith(403), 'access_denied mailbox'],
  'error.404-MailboxNotEnabledForRESTAPI.json': [errorWith(404), 'mailbox_unknown mailbox'],
  'error.410-syncStateNotFound.json': [errorWith(410), 'protocol_error mailbox'],
  'error.429-ApplicationThrottled-MailboxConcurrency.json': [errorWith(429), 'throttled mailbox'],
  'error.429-TooManyRequests.json': [errorWith(429), 'throttled mailbox'],
  'error.generic-shape.json': [errorWith(400), 'protocol_error mailbox'],
  'token.error-AADSTS-shape.json': [refusal, 'unreachable connection AADSTS70011'],
  'token.error-AADSTS7000215.json': [refusal, 'secret_invalid connection AADSTS7000215'],
  'token.ok.json': [token, { type: 'Bearer', seconds: 3599 }],
  'notification.basic-event.json': [
    notificationOutcomes,
    { proven: ['changed'], asSent: { invalid_signature: 1 } }
  ],
  'notification.basic-message.json': [
    notificationOutcomes,
    { proven: ['changed'], asSent: { invalid_signature: 1 } }
  ],
  'notification.rich-message-encrypted.json': [
    notificationOutcomes,
    { proven: ['changed'], asSent: { invalid_signature: 1 } }
  ],
  // Not for addresses on the web.
  'notification.eventhub-validation.json': [
    notificationOutcomes,
    { proven: [], asSent: { invalid_signature: 1 } }
  ],
  'lifecycle.missed.json': [notificationOutcomes, { proven: ['missed'], asSent: { invalid_signature: 1 } }],
  'lifecycle.reauthorizationRequired.json': [
    notificationOutcomes,
    { proven: ['reauthorize'], asSent: { invalid_signature: 1 } }
  ],
  'lifecycle.subscriptionRemoved.json': [
    notificationOutcomes,
    { proven: ['removed'], asSent: { invalid_signature: 1 } }
  ],
  'subscription.create.response-201.json': [
    subscription,
    '7f105c7d-2dc5-4530-97cd-4e7ae6534c07 until 2016-11-20T18:23Z'
  ],
  'subscription.create.response-201-outlook.json': [
    subscription,
    '5522bd62-7c96-4530-85b0-00b916f6151a until 2022-01-01T21:42Z'
  ],
  // Before it comes to this the connector looks for what is in the way.
  'error.409-duplicate-subscription.json': [subscriptionRefused(409), 'unreachable mailbox transient'],
  'error.ExtensionError-subscription.json': [subscriptionRefused(400), 'unreachable mailbox transient']
}

/** What the gate makes of it as it stands, and with the word that proves it. */
function notificationOutcomes(bytes: Buffer): unknown {
  const secret = Buffer.alloc(32, 1)
  const place = { keyId: keyIdOf(secret), tenant: 'acme', targetId: 'x' }
  const body = JSON.parse(bytes.toString()) as { value: object[] }
  const clientState = clientStateOf(secret, place.tenant, place.targetId)
  const proven = { ...body, value: body.value.map((item) => ({ ...item, clientState })) }
  const gate = createNotificationVerifiers(secret)(place)
  return {
    proven: gate.verify(proven, 0).accepted.map(({ event }) => event),
    asSent: Object.fromEntries(gate.verify(body, 0).dropped)
  }
}

function subscription(bytes: Buffer): unknown {
  const held = parseSubscription(JSON.parse(bytes.toString()))
  return held && `${held.id} until ${minute(held.expires)}`
}

function subscriptionRefused(status: number) {
  return (bytes: Buffer): unknown => {
    const answer = {
      status,
      body: JSON.parse(bytes.toString()),
      retryAfterMs: undefined,
      challenge: null,
      isWholeBatch: false
    }
    const about = { mailbox: 'a@b.se', clientId: 'app', host: 'hanvisa.example.se' }
    const { error, retryPolicy } = subscriptionError(answer, about)
    return `${inShort(error)} ${retryPolicy}`
  }
}

function events(bytes: Buffer): unknown {
  return orErrorCode(() => parseCalendarEvents(JSON.parse(bytes.toString()), zone))
}

function event(bytes: Buffer): unknown {
  return orErrorCode(() => parseCalendarEvents({ value: [JSON.parse(bytes.toString())] }, zone))
}

function schedules(bytes: Buffer): unknown {
  const reply: unknown = JSON.parse(bytes.toString())
  const entries = membersOf(reply).value as { scheduleId: string }[]
  return Object.fromEntries(
    entries.map(({ scheduleId }) => {
      const schedule = parseSchedule(reply, { mailbox: scheduleId, timeZone: zone })
      if (schedule === null) return [scheduleId, 'busy by the view alone']
      return [scheduleId, schedule instanceof RemoteError ? schedule.code : orErrorCode(() => schedule)]
    })
  )
}

function orErrorCode(
  read: () =>
    | ReturnType<typeof parseCalendarEvents>
    | readonly ReturnType<typeof parseCalendarEvents>[number][]
) {
  try {
    return read().map(({ start, end, busy, allDay, visibility, cancelled, response, categories }) =>
      [
        `${minute(start)}/${minute(end)}`,
        busy,
        ...(allDay ? ['all-day'] : []),
        ...(visibility === 'normal' ? [] : [visibility]),
        ...(cancelled ? ['cancelled'] : []),
        response,
        ...categories
      ].join(' ')
    )
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    return `${error.code} ${/value\S*/.exec(error.hint)?.[0]}`
  }
}

function minute(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 16)}Z`
}

function batch(bytes: Buffer): unknown {
  const answers = parseBatchResponse(bytes, 0) ?? new Map()
  return Object.fromEntries(
    [...answers].map(([id, answer]) => [
      id,
      answer.status === 200 ? 200 : inShort(graphResponseError(answer, 'a@b.se', 'app'))
    ])
  )
}

function errorWith(status: number) {
  return (bytes: Buffer): unknown => {
    const answer = {
      status,
      body: JSON.parse(bytes.toString()),
      retryAfterMs: undefined,
      challenge: null,
      isWholeBatch: false
    }
    return inShort(graphResponseError(answer, 'a@b.se', 'app'))
  }
}

function refusal(bytes: Buffer): unknown {
  const error = signInError(400, JSON.parse(bytes.toString()), undefined)
  return `${inShort(error)} ${/AADSTS\d+/.exec(error.hint)?.[0]}`
}

function token(bytes: Buffer): unknown {
  const { token_type: type, expires_in: seconds } = membersOf(JSON.parse(bytes.toString()))
  return { type, seconds }
}

function inShort({ code, scope, retryAfter }: RemoteError): string {
  return `${code} ${scope}${retryAfter === undefined ? '' : ` after ${retryAfter}`}`
}
