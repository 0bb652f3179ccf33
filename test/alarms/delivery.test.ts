/** What recipients get: over a real mail server, on a clock that is moved by hand. */
import t from '../group/tap.ts'
import { HOUR, MINUTE } from '../support/tenant-fixture.ts'
import {
  addRecipients,
  addTenant,
  createAlarmHarness,
  MORNING,
  openTestStore,
  smtpSenders
} from './alarm-harness.ts'
import { headerOf, type MailServer, startMailServer, textOf } from './mail-server.ts'
import { DAY, failingReport, sampleReport } from './tenant-reports.ts'

async function start(t: Parameters<typeof startMailServer>[0], at = MORNING) {
  const server = await startMailServer(t)
  const store = await openTestStore(t)
  return { server, harness: createAlarmHarness(t, { store, senders: smtpSenders(t, server), start: at }) }
}

const subjects = ({ mails }: MailServer) =>
  mails.map((mail) => decodeSubject(headerOf(mail, 'subject') ?? ''))

function decodeSubject(text: string): string {
  return text
    .replace(/\?= +=\?/g, '?==?')
    .replace(/=\?utf-8\?(q|b)\?([^?]*)\?=/gi, (_, kind: string, body: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(body, 'base64').toString()
        : Buffer.from(
            body
              .replace(/_/g, ' ')
              .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1'
          ).toString()
    )
}

t.test('a hundred tenants fail at once: the provider gets one message, and they none', async (t) => {
  const { server, harness } = await start(t)
  await addRecipients(harness.store, null, [{ id: 'noc', language: 'en' }])
  const tenants = Array.from({ length: 100 }, (_, index) => `tenant-${index}`)
  for (const id of tenants) await addTenant(harness, id, [{ id: 'it', to: `${id}@acme.example` }])
  const failing = (now: number) => failingReport('unreachable', MORNING, now)
  await harness.run(40, (now) => {
    for (const id of tenants) harness.reports.set(id, failing(now))
  })
  t.strictSame(
    server.mails.map(({ to }) => to[0]),
    ['noc@acme.example']
  )
  t.match(subjects(server), [/^Hanvisa: 100 customers at once: the calendar system cannot be reached$/])
  for (const id of tenants) harness.reports.set(id, sampleReport())
  await harness.run(60)
  t.strictSame(
    server.mails.map(({ to }) => to[0]),
    ['noc@acme.example', 'noc@acme.example'],
    'and one when it is over; those who were told nothing are told of no end'
  )
  t.match(subjects(server)[1], /^Hanvisa: Resolved: /)
})

t.test('a flood that lasts is told to the tenants after half an hour', async (t) => {
  const { server, harness } = await start(t)
  const tenants = Array.from({ length: 25 }, (_, index) => `tenant-${index}`)
  for (const id of tenants) {
    await addTenant(
      harness,
      id,
      [{ id: 'it', to: `${id}@acme.example` }],
      failingReport('unreachable', MORNING, MORNING)
    )
  }
  await harness.run(44)
  t.strictSame(server.mails, [])
  await harness.run(20)
  t.equal(server.mails.length, 25)
})

t.test('a connection that comes and goes for an hour: one message, and one when it is over', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'it' }])
  await harness.run(120, (now) => {
    const at = now - MORNING
    const fails = at < HOUR && Math.floor(at / (3 * MINUTE)) % 2 === 0
    harness.reports.set('acme', fails ? failingReport('unreachable', now, now) : sampleReport())
  })
  t.strictSame(subjects(server), [
    'Hanvisa: Acme AB: kalendersystemet kan inte nås',
    'Hanvisa: Löst: Acme AB: kalendersystemet kan inte nås'
  ])
  t.match(textOf(server.mails[0]!), /^Hänvisningar för Acme AB bygger på kalendrar från kl\. 08\.00\.\r?\n/)
  t.equal(headerOf(server.mails[1]!, 'in-reply-to'), headerOf(server.mails[0]!, 'message-id'))
})

t.test('a critical alarm is told again every 24 hours, a warning never', async (t) => {
  const { server, harness } = await start(t)
  const report = {
    ...failingReport('secret_invalid', MORNING, MORNING + HOUR),
    credentialEndsAt: MORNING + 20 * DAY
  }
  await addTenant(harness, 'acme', [{ id: 'it' }], report)
  for (let hour = 0; hour < 75; hour++) {
    await harness.run(1)
    harness.set(MORNING + (hour + 1) * HOUR)
  }
  const about = subjects(server).filter((subject) => subject.includes('nekar inloggningen'))
  t.equal(about.length, 4)
  t.ok(about.slice(1).every((subject) => subject.startsWith('Hanvisa: Påminnelse: ')))
  t.equal(
    subjects(server).filter((subject) => subject.includes('går ut')).length,
    0,
    'the warning was in the first one'
  )
  t.match(textOf(server.mails[0]!), /går ut om \d+ dagar/)
})

t.test('the end of a credential is told four times, and that it was renewed', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'it' }])
  const endsAt = MORNING + 31 * DAY
  for (let hour = 0; hour < 32 * 24; hour += 6) {
    harness.set(MORNING + hour * HOUR)
    harness.reports.set(
      'acme',
      sampleReport({ credentialEndsAt: hour < 31 * 24 ? endsAt : endsAt + 365 * DAY })
    )
    await harness.run(4)
  }
  t.strictSame(subjects(server), [
    'Hanvisa: Acme AB: inloggningen till kalendrarna går ut om 29 dagar',
    'Hanvisa: Acme AB: inloggningen till kalendrarna går ut om 13 dagar',
    'Hanvisa: Acme AB: inloggningen till kalendrarna går ut om 6 dagar',
    'Hanvisa: Acme AB: inloggningen till kalendrarna går ut inom ett dygn',
    'Hanvisa: Löst: Acme AB: inloggningen till kalendrarna är förnyad'
  ])
})

t.test(
  'in quiet hours a warning waits, and is not sent at all if it is over by their end; a critical one passes',
  async (t) => {
    const quiet = { from: '22:00', to: '07:00', days: [1, 2, 3, 4, 5, 6, 7], criticalToo: false }
    // The night when the clock is set back.
    const night = Date.parse('2026-10-24T20:30:00Z')
    const { server, harness } = await start(t, night)
    await addTenant(harness, 'acme', [
      { id: 'it', quiet },
      { id: 'boss', minSeverity: 'critical' }
    ])
    harness.keyEnds = new Map([['acme', [night + 3 * DAY]]])
    await harness.run(30)
    t.strictSame(server.mails, [])
    harness.reports.set('acme', sampleReport({ staleUsers: 20 }))
    await harness.run(35)
    t.strictSame(server.mails.map(({ to }) => to[0]).sort(), ['boss@acme.example', 'it@acme.example'])
    harness.reports.set('acme', sampleReport())
    await harness.run(30)
    t.equal(server.mails.length, 4, 'and so does its end')
    harness.set(Date.parse('2026-10-25T05:59:00Z'))
    await harness.run(1)
    t.equal(server.mails.length, 4, 'it is 06:59 there')
    await harness.run(1)
    t.equal(subjects(server)[4], 'Hanvisa: Acme AB: en API-nyckel går ut om 2 dagar')
    t.equal(server.mails.length, 5)
    const other = await start(t, night)
    await addTenant(other.harness, 'acme', [{ id: 'it', quiet }])
    other.harness.keyEnds = new Map([['acme', [night + 3 * DAY]]])
    await other.harness.run(30)
    other.harness.keyEnds = new Map()
    other.harness.set(Date.parse('2026-10-25T06:00:00Z'))
    await other.harness.run(10)
    t.strictSame(other.server.mails, [], 'what is over by then is not sent')
  }
)

t.test('a digest comes once a day at its local time, and only with something to say', async (t) => {
  const { server, harness } = await start(t, Date.parse('2026-10-23T05:00:00Z'))
  await addTenant(harness, 'acme', [{ id: 'it', digest: '07:30' }, { id: 'boss' }])
  const unreadable = sampleReport({ unreadableUsers: new Map([['mailbox_unknown', 42]]) })
  const sentAt: string[] = []
  for (let quarter = 0; quarter < 4 * 24 * 4; quarter++) {
    const now = Date.parse('2026-10-23T05:00:00Z') + quarter * 15 * MINUTE
    harness.set(now)
    harness.reports.set('acme', now < Date.parse('2026-10-26T00:00:00Z') ? unreadable : sampleReport())
    await harness.run(1)
    if (server.mails.length > sentAt.length) sentAt.push(new Date(now).toISOString())
  }
  t.strictSame(sentAt, ['2026-10-23T05:30:00.000Z', '2026-10-24T05:30:00.000Z', '2026-10-25T06:30:00.000Z'])
  t.ok(server.mails.every(({ to }) => to[0] === 'it@acme.example'))
  const text = textOf(server.mails[0]!)
  t.match(text, /- Acme AB: 42 brevlådor hittas inte\./)
  t.match(text, /Användare: anna, bo, cia, dan, eva och 37 till\./)
})

t.test('more than six messages an hour are not sent, and the digest says how many', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'it', digest: '07:30' }])
  // Refused, tried again, well, refused…: each time raised and over at once.
  await harness.run(58, (now) => {
    const phase = Math.floor((now - MORNING) / (5 * MINUTE)) % 2
    harness.reports.set(
      'acme',
      phase === 0 ? failingReport('secret_invalid', now - HOUR, now) : sampleReport()
    )
  })
  t.equal(server.mails.length, 6)
  harness.set(Date.parse('2026-12-02T06:30:00Z'))
  await harness.run(1)
  t.match(textOf(server.mails.at(-1)!), /för många: \d+/)
})
