/** Reading: limits that are respected, what is sent again and when, and availability where no more is granted or wanted. */
import t from '../../group/tap.ts'
import { directory, graphMeeting, graphWeek, openMicrosoft365, outcomes } from './microsoft365.ts'

const people = Array.from({ length: 20 }, (_, index) => `p${index}@example.se`)

t.test('twenty mailboxes are one batch, with what is needed of each event and no more', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const person of people) cloud.put(person, graphMeeting(person))
  t.same(
    outcomes(await cloud.read(people)),
    people.map((person) => [person])
  )
  const { requests } = cloud.simulator
  t.equal(requests.count({ route: 'batch' }), 1)
  const [view] = requests.list({ route: 'calendarView' })
  const query = new URL(view?.url ?? '', 'https://graph').searchParams
  const select = 'id,subject,start,end,isAllDay,showAs,sensitivity,isCancelled,responseStatus,categories'
  t.equal(query.get('$select'), select)
  const [first] = await cloud.read(['p0@example.se'])
  if (first?.outcome !== 'read') throw t.fail('was not read')
  t.match(first.events[0]?.id, /^AAkALg/, 'an immutable id')
})

t.test('what is throttled is sent again, alone, when Graph says so', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const person of people) cloud.put(person, graphMeeting(person))
  for (const [status, retryAfter] of [
    [429, '0.25'],
    [503, '0.1'],
    [503, undefined],
    [504, '0']
  ] as const) {
    cloud.simulator.requests.clear()
    const trouble = { kind: 'status' as const, status, ...(retryAfter === undefined ? {} : { retryAfter }) }
    cloud.simulator.faults.add({ ...trouble, mailbox: 'p3@example.se', count: 2 })
    t.same(
      outcomes(await cloud.read(people)),
      people.map((person) => [person])
    )
    t.same(
      cloud.simulator.requests.list({ route: 'batch' }).map(({ items }) => items),
      [20, 1, 1],
      `${status}`
    )
  }
  cloud.simulator.requests.clear()
  cloud.simulator.faults.add({ kind: 'status', status: 429, retryAfter: '0.1', route: 'batch', count: 1 })
  t.same(
    outcomes(await cloud.read(people)),
    people.map((person) => [person]),
    'the batch as a whole'
  )
  t.equal(cloud.simulator.requests.count({ route: 'batch' }), 2)
})

t.test('a mailbox that is throttled for long does not delay the others', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const person of people) cloud.put(person, graphMeeting(person))
  const fault = cloud.simulator.faults.add({
    kind: 'status',
    status: 429,
    retryAfter: '300.5',
    mailbox: 'p3@example.se'
  })
  const readings = await cloud.read(people)
  t.match(readings[3], { error: { code: 'throttled', retryAfter: 300_500, scope: 'mailbox' } })
  t.same(
    outcomes(readings.filter((_, index) => index !== 3)),
    people.filter((_, index) => index !== 3).map((p) => [p])
  )
  cloud.simulator.faults.remove(fault)

  cloud.simulator.faults.add({ kind: 'status', status: 429, retryAfter: '19', mailbox: 'p3@example.se' })
  const short = await cloud.read(people.slice(2, 5), { signal: AbortSignal.timeout(2500) })
  t.same(
    outcomes(short),
    [['p2@example.se'], 'throttled', ['p4@example.se']],
    'the deadline ends the waiting'
  )
  t.match(short[1], { error: { retryAfter: 19_000 } })
})

t.test('never more than four calls at a time to one mailbox', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  cloud.simulator.faults.add({ kind: 'slow', milliseconds: 30, mailbox: 'anna@example.se' })
  const readings = await Promise.all(Array.from({ length: 12 }, () => cloud.read(['ANNA@example.se'])))
  t.same(readings.map(outcomes), Array(12).fill([['x']]))
  const zones = [
    'Europe/Stockholm',
    'Asia/Kolkata',
    'UTC',
    'Asia/Tokyo',
    'America/New_York',
    'Pacific/Auckland'
  ]
  const targets = zones.map((timeZone) => ({ mailbox: 'anna@example.se', timeZone }))
  t.same(outcomes(await cloud.read([], { targets })), Array(6).fill(['x']))
  t.ok(cloud.simulator.requests.peakConcurrency('anna@example.se') <= 4)
  t.same(cloud.simulator.requests.list({ status: 429 }), [])
})

t.test('a read that waits for a busy mailbox ends with the signal', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  const fault = cloud.simulator.faults.add({ kind: 'hang', mailbox: 'anna@example.se', count: 4 })
  const hanging = Array.from({ length: 4 }, () => cloud.read(['anna@example.se']))
  const waiting = await cloud.read(['anna@example.se'], { signal: AbortSignal.timeout(300) })
  t.same(outcomes(waiting), ['unreachable'])
  cloud.simulator.faults.remove(fault)
  t.same((await Promise.all(hanging)).map(outcomes), Array(4).fill([['x']]))
})

t.test('without need for subjects, getSchedule reads twenty in a call', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const person of people) cloud.put(person, graphMeeting(person, { showAs: 'workingElsewhere' }))
  cloud.put('p1@example.se', { start: '2026-11-17', end: '2026-11-19', allDay: true, showAs: 'oof' })
  const readings = await cloud.read(people, { subjects: false })
  const { requests } = cloud.simulator
  t.same(
    requests.list({ route: 'getSchedule' }).map(({ items }) => items),
    [20]
  )
  t.equal(requests.count({ route: 'calendarView' }), 0)
  t.match(readings[0], {
    detail: 'availability',
    partialRead: null,
    events: [{ busy: 'workingElsewhere', allDay: false }]
  })
  t.match(readings[1], {
    events: [
      {
        busy: 'oof',
        allDay: true,
        start: Date.parse('2026-11-16T23:00:00Z'),
        end: Date.parse('2026-11-18T23:00:00Z')
      }
    ]
  })
})

t.test('availability: a wrong address fails alone, even where it comes first', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const person of people) cloud.put(person, graphMeeting(person))
  const wrong = ['a@example.se', 'b@example.se', 'c@example.se', 'd@example.se']
  const asked = [...wrong, ...people.slice(0, 16)]
  const codes = async () =>
    (await cloud.read(asked, { subjects: false })).map((one) =>
      one.outcome === 'failed' ? one.error.code : one.outcome
    )
  const expected = asked.map((_, index) => (index < 4 ? 'mailbox_unknown' : 'read'))
  t.same(await codes(), expected, 'calendarView finds those for whom no anchor was found')
  t.same(await codes(), expected)
  cloud.simulator.requests.clear()
  t.same(await codes(), expected)
  t.equal(
    cloud.simulator.requests.list({ route: 'getSchedule' }).length,
    1,
    'an anchor that serves was found'
  )
  t.equal(cloud.simulator.requests.list({ route: 'calendarView' }).length, 4)
})

t.test(
  'availability of what is no SMTP address, and beyond a thousand entries, by calendarView',
  async (t) => {
    const cloud = await openMicrosoft365(t)
    cloud.put('anna@example.se', graphMeeting('x'))
    const { objectId } = cloud.simulator.mailboxes.get(directory, 'anna@example.se') ?? { objectId: '' }
    const many = Array.from({ length: 1001 }, () => graphMeeting('y'))
    cloud.put('busy@example.se', ...many)
    const readings = await cloud.read([objectId, 'busy@example.se'], { subjects: false })
    t.match(readings, [{ detail: 'subjects', events: [{ subject: 'x' }] }, { detail: 'subjects' }])
    if (readings[1]?.outcome === 'read') t.equal(readings[1].events.length, 1001)
  }
)

t.test('403 on calendarView: availability, and a hint where subjects were required', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('open'))
  cloud.put('bertil@example.se', graphMeeting('shut', { showAs: 'oof' }))
  cloud.simulator.faults.add({
    kind: 'status',
    status: 403,
    route: 'calendarView',
    mailbox: 'bertil@example.se'
  })
  const readings = await cloud.read(['anna@example.se', 'bertil@example.se'])
  t.match(readings, [
    { detail: 'subjects', partialRead: null, events: [{ subject: 'open' }] },
    {
      detail: 'availability',
      partialRead: { code: 'subject_not_readable', hint: /Calendars\.Read/ },
      events: [{ busy: 'oof' }]
    }
  ])
  const checks = await cloud
    .connector()
    .check({ mailbox: 'bertil@example.se', timeZone: 'Europe/Stockholm' }, AbortSignal.timeout(9000))
  t.match(checks.at(-1), { name: 'subjects', ok: false, code: 'subject_not_readable' })
})

t.test('a mailbox outside the scope says which command shows it', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  cloud.put('chef@example.se', graphMeeting('secret'))
  cloud.register({ mailboxes: ['anna@example.se'] })
  for (const subjects of [true, false]) {
    const readings = await cloud.read(['anna@example.se', 'chef@example.se'], { subjects })
    t.equal(readings[0]?.outcome, 'read')
    const command = /Test-ApplicationAccessPolicy -Identity 'chef@example\.se' -AppId '?3f8f2f0e/
    if (subjects) t.match(readings[1], { error: { code: 'access_denied', scope: 'mailbox', hint: command } })
  }
})

t.test('an outage is unreachable, never an empty calendar', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  t.same(outcomes(await cloud.read(['anna@example.se'])), [['x']])
  await cloud.simulator.close()
  const readings = await cloud.read(['anna@example.se'], { window: graphWeek })
  t.match(readings, [
    { outcome: 'failed', error: { code: 'unreachable', scope: 'connection', hint: /127\.0\.0\.1/ } }
  ])
})
