/** What real servers do otherwise than the RFCs have it: each case names the server on which it was found (docs/caldav.md). */
import type { Test } from 'tap'
import t from '../../group/tap.ts'
import { type FakeCaldavServer, startFakeCaldavServer } from '../../support/fake-caldav-server.ts'
import { openConnector, outcomeOf, readMailbox, veventText } from './open-connector.ts'

const userUrl = '/dav/calendars/{mailbox}/personal/'

async function open(t: Test, more: object = { userUrl }) {
  const server = await startFakeCaldavServer(t)
  const connector = openConnector(t, { url: `${server.origin}/`, ...more })
  return {
    server,
    connector,
    read: (mailbox: string, options = {}) => readMailbox(connector, mailbox, options)
  }
}

t.test(
  'a login that the server does not know never reads as free (SOGo answers as "anonymous")',
  async (t) => {
    const { server, read } = await open(t)
    server.hasAnonymous = true
    server.put('anna', [veventText('HEM: idag')])
    t.same(outcomeOf(await read('anna')), ['HEM: idag'])
    for (const typed of ['ana', 'anonymous', 'anna@acme.example', 'ANNA ', '']) {
      t.equal(outcomeOf(await read(typed)), 'mailbox_unknown', typed)
    }
  }
)

t.test('nor does a calendar that is owned by somebody else, or by nobody who can be named', async (t) => {
  const { server, read } = await open(t)
  const owned = (owner: string | null, more: object = {}) => {
    server.put('anna', [veventText('x')], { owner, ...more })
    return read('anna').then(outcomeOf)
  }
  t.equal(await owned('/dav/principals/bo/'), 'mailbox_unknown')
  t.equal(await owned('/SOGo/dav/anonymous/'), 'mailbox_unknown')
  t.equal(await owned('/dav/principals/annalena/'), 'mailbox_unknown')
  t.same(await owned(null), ['x'], 'without an owner the address that answers is what was asked for')
})

t.test('an address that is no login is proved by the addresses of the owner', async (t) => {
  const { server, read } = await open(t, { userUrl: '/dav/calendars/{user}/personal/' })
  server.put('anna', [veventText('x')])
  t.same(
    outcomeOf(await read('anna@acme.example')),
    ['x'],
    '{user} says that the part before the @ is the login'
  )
  const whole = await open(t, { userUrl: '/dav/calendars/{mailbox}/personal/' })
  whole.server.put('anna@acme.example', [veventText('x')], { owner: '/dav/principals/anna/' })
  whole.server.put('anna', [])
  t.equal(
    outcomeOf(await whole.read('anna@acme.example')),
    'mailbox_unknown',
    'anna of another domain, for all that is known'
  )
  whole.server.addresses.set('anna', 'anna@acme.example')
  t.same(outcomeOf(await whole.read('anna@acme.example')), ['x'])
})

t.test(
  'the owner is proved again at every poll: a login that is given to another reads as unknown',
  async (t) => {
    const { server, read } = await open(t)
    server.put('anna', [veventText('x')])
    const first = await read('anna')
    t.same(outcomeOf(first), ['x'])
    server.put('anna', [veventText('y')], { owner: '/dav/principals/bo/' })
    t.equal(outcomeOf(await read('anna')), 'mailbox_unknown')
  }
)

t.test('a 403 within a reply of success is no right to read (sabre)', async (t) => {
  const { server, read } = await open(t)
  server.put('anna', [veventText('x')], { refusesInside: true })
  const result = await read('anna')
  t.equal(outcomeOf(result), 'access_denied')
  t.match(result, { error: { scope: 'mailbox', hint: /svc.*anna/ } })
})

t.test(
  'a calendar that redirects within the host is followed (Cyrus), to another host it is not',
  async (t) => {
    const { server, read } = await open(t)
    server.put('anna', [veventText('x')], { redirectsTo: '/dav/calendars/svc/anna.Default/' })
    t.same(outcomeOf(await read('anna')), ['x'])
    server.put('eva', [veventText('x')], { redirectsTo: '/dav/calendars/svc/eva.Default/', owner: null })
    t.equal(outcomeOf(await read('eva')), 'mailbox_unknown', 'where nothing says whose it is')
    const other = await startFakeCaldavServer(t)
    server.put('bo', [], { status: 301, headers: { location: `${other.origin}/dav/calendars/bo/personal/` } })
    const result = await read('bo')
    t.match(result, { error: { code: 'protocol_error', hint: /another host.*password is not sent/ } })
    t.same(other.requests, [], 'and the password went nowhere')
  }
)

t.test('whole addresses of the same host are followed, those of another refused', async (t) => {
  const { server, read } = await open(t)
  server.put('anna', [veventText('x')], { hrefOrigin: server.origin })
  t.same(outcomeOf(await read('anna')), ['x'])
  const other = await startFakeCaldavServer(t)
  server.put('bo', [veventText('x')], { hrefOrigin: other.origin })
  t.match(await read('bo'), { error: { code: 'protocol_error', hint: /another host/ } })
  t.same(other.requests, [])
})

t.test(
  'data in CDATA (Cyrus), names that end in .eml (Kerio), objects without ETag (SmarterMail)',
  async (t) => {
    const { server, read } = await open(t)
    for (const habits of [{ cdata: true }, { suffix: '.eml' }, { suffix: '' }, { hasNoEtags: true }]) {
      server.put('anna', [veventText('MÖT; <x> & "y" ]]'), veventText('HEM:')], habits)
      t.same(outcomeOf(await read('anna')), ['MÖT; <x> & "y" ]]', 'HEM:'], JSON.stringify(habits))
    }
  }
)

t.test(
  'an answer that is cut off by 507 is asked for in parts (Cyrus), and never taken for the whole',
  async (t) => {
    const { server, read } = await open(t)
    const days = Array.from({ length: 14 }, (_, index) => `202612${String(index + 1).padStart(2, '0')}`)
    const events = days.map((day) => veventText(day, `DTSTART:${day}T090000Z`, `DTEND:${day}T100000Z`))
    // A series of long ago, by which the server's time-range is found to be good.
    const series = veventText(
      'series',
      'DTSTART:20250101T080000Z',
      'DTEND:20250101T083000Z',
      'RRULE:FREQ=DAILY;COUNT=900'
    )
    server.put('bo', [series])
    t.equal(outcomeOf(await read('bo')).length, 15)
    server.put('anna', events, { limit: 5 })
    t.same(outcomeOf(await read('anna')), days)
    server.put(
      'anna',
      Array.from({ length: 9 }, (_, index) => veventText(`same ${index}`)),
      { limit: 5 }
    )
    t.match(await read('anna'), { error: { code: 'protocol_error', hint: /507/ } })
  }
)

t.test('entries that are named and not shown are reported, and the others are read', async (t) => {
  const { server, read } = await open(t)
  server.put('anna', [veventText('x')], { withheld: 2 })
  const result = await read('anna')
  t.match(result, { outcome: 'read', partialRead: { code: 'protocol_error', hint: /2 entries/ } })
  t.same(outcomeOf(result), ['x'])
})

t.test(
  'recurring events are found on servers whose time-range does not find them (Xandikos, OX)',
  async (t) => {
    const weekly = veventText(
      'weekly',
      'DTSTART:20250106T090000Z',
      'DTEND:20250106T100000Z',
      'RRULE:FREQ=WEEKLY'
    )
    for (const isBlind of [true, false]) {
      const { server, read } = await open(t)
      server.put('anna', [weekly], { isBlind })
      server.put('bo', [weekly, veventText('once')], { isBlind })
      t.equal(outcomeOf(await read('anna')).length, 3, 'at the first read of all')
      server.requests.length = 0
      t.equal(outcomeOf(await read('bo')).length, 4)
      const reports = server.requests.filter((request) => request.startsWith('REPORT'))
      t.equal(reports.length, 1, 'once the server is known, one request for each read')
    }
  }
)

t.test(
  'an unchanged version costs one request, and a version that stands still is not believed for long',
  async (t) => {
    let now = Date.parse('2026-12-01T08:00:00Z')
    const server = await startFakeCaldavServer(t)
    const connector = openConnector(t, { url: server.origin, userUrl }, { clock: () => now })
    server.put('anna', [veventText('before')], { version: 'stands still' })
    const first = await readMailbox(connector, 'anna')
    const etag = first.outcome === 'read' ? first.etag : null
    server.put('anna', [veventText('after')], { version: 'stands still' })
    server.requests.length = 0
    t.equal(outcomeOf(await readMailbox(connector, 'anna', { etag })), 'unchanged')
    t.same(server.requests, ['PROPFIND /dav/calendars/anna/personal/ 0'])
    now += 61 * 60_000
    t.same(
      outcomeOf(await readMailbox(connector, 'anna', { etag })),
      ['after'],
      'after an hour it is read all the same'
    )
  }
)

t.test('without versions every poll reads; with them an edit is read at the next poll', async (t) => {
  const { server, read } = await open(t)
  server.put('anna', [veventText('before')], { version: 'none' })
  const first = await read('anna')
  t.match(first, { outcome: 'read', etag: null })
  server.put('anna', [veventText('before')])
  const second = await read('anna')
  const { etag } = second as { etag: string }
  t.equal(outcomeOf(await read('anna', { etag })), 'unchanged')
  t.notMatch(etag, /token|personal/, 'what is stored of a version is a digest')
  server.put('anna', [veventText('after')])
  t.same(outcomeOf(await read('anna', { etag })), ['after'])
  const restarted = openConnector(t, { url: server.origin, userUrl })
  const third = (await read('anna')) as { etag: string }
  t.same(
    outcomeOf(await readMailbox(restarted, 'anna', { etag: third.etag })),
    ['after'],
    'another process reads whole once'
  )
})

t.test('of a folder those calendars count that are the user’s own', async (t) => {
  const { server, connector } = await open(t, {})
  // Found by discovery: the service, the principal beside the account's, its folder.
  server.put('svc', [])
  server.put('anna', [veventText('x')])
  t.same(outcomeOf(await readMailbox(connector, 'anna')), ['x'])
  t.equal(outcomeOf(await readMailbox(connector, 'nobody')), 'mailbox_unknown')
  const shared: FakeCaldavServer = server
  shared.put('anna', [veventText('x')], { owner: '/dav/principals/bo/' })
  const again = openConnector(t, { url: server.origin })
  t.equal(
    outcomeOf(await readMailbox(again, 'anna')),
    'mailbox_unknown',
    'a folder that shows others’ calendars alone'
  )
})
