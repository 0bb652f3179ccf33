/** What Graph puts limits on: getSchedule, batches, and calls at a time to one mailbox. */

import type { EventInput } from '../../simulator/calendar-item.ts'
import t from '../group/tap.ts'
import { openSimulator, simulatedTenant } from '../support/open-simulator.ts'
import { until } from '../support/until.ts'

const day = 'startDateTime=2026-11-23T00:00:00Z&endDateTime=2026-11-24T00:00:00Z'
const at = (dateTime: string) => ({ dateTime, timeZone: 'UTC' })
const window = { startTime: at('2026-11-23T08:00:00'), endTime: at('2026-11-23T12:00:00') }

t.test('getSchedule shows as much as the rights of its anchor allow', async (t) => {
  const { put, token, client } = await openSimulator(t)
  const events: EventInput[] = [
    { subject: 'Möte', location: 'Rum 3', start: '2026-11-23T08:30:00Z', end: '2026-11-23T09:30:00Z' },
    {
      subject: 'Läkare',
      sensitivity: 'private',
      start: '2026-11-23T10:00:00Z',
      end: '2026-11-23T10:30:00Z',
      showAs: 'oof'
    },
    {
      subject: 'Hemma',
      start: '2026-11-23T11:00:00Z',
      end: '2026-11-23T12:00:00Z',
      showAs: 'workingElsewhere'
    }
  ]
  put({ address: 'anchor@example.se' })
  put({ address: 'shut@example.se', events })
  put({ address: 'open@example.se', events, rights: { 'Anchor@example.se': 'limitedDetails' } })
  put({ address: 'hidden@example.se', events, rights: { default: 'none' } })
  put({ address: 'absent@example.se', hosting: 'absent' })
  const schedules = ['shut', 'open', 'hidden', 'absent', 'ghost'].map((name) => `${name}@example.se`)
  const { value } = await client(await token())
    .api('/users/anchor@example.se/calendar/getSchedule')
    .post({ schedules, ...window })
  const [shut, details, hidden, absent, ghost] = value
  t.same(Object.keys(shut), ['scheduleId', 'availabilityView', 'scheduleItems', 'workingHours'])
  t.equal(shut.availabilityView, '02203000', 'half hours, working elsewhere is not shown')
  t.same(shut.scheduleItems[0], {
    status: 'busy',
    start: { dateTime: '2026-11-23T08:30:00.0000000', timeZone: 'UTC' },
    end: { dateTime: '2026-11-23T09:30:00.0000000', timeZone: 'UTC' }
  })
  t.match(details.scheduleItems[0], { isPrivate: false, subject: 'Möte', location: 'Rum 3' })
  t.same(
    Object.keys(details.scheduleItems[1]).sort(),
    ['end', 'isPrivate', 'start', 'status'],
    'private stays so'
  )
  t.equal(details.scheduleItems[2].status, 'workingElsewhere')
  t.same(Object.keys(hidden), ['scheduleId', 'error'])
  t.equal(hidden.error.responseCode, 'ErrorNoFreeBusyAccess')
  t.equal(absent.error.responseCode, 'ErrorMailboxLogonFailed')
  t.match(ghost, {
    scheduleId: 'ghost@example.se',
    error: { responseCode: '5009', message: /ghost@example\.se/ }
  })
})

t.test(
  "getSchedule reckons in the zones of body and header, all-day events from the owner's midnight",
  async (t) => {
    const { put, graph } = await openSimulator(t)
    put({
      address: 'anna@example.se',
      timeZone: 'Europe/Stockholm',
      events: [{ start: '2026-11-24', end: '2026-11-25', allDay: true, showAs: 'oof' }]
    })
    const body = {
      Schedules: ['anna@example.se'],
      StartTime: { dateTime: '2026-11-24T00:00:00', timeZone: 'W. Europe Standard Time' },
      EndTime: { dateTime: '2026-11-26T00:00:00', timeZone: 'W. Europe Standard Time' },
      AvailabilityViewInterval: 1440
    }
    const prefer = 'outlook.timezone="Europe/Stockholm"'
    const { body: answer } = await graph('/users/anna@example.se/calendar/getSchedule', { body, prefer })
    t.equal(answer.value[0].availabilityView, '30')
    t.same(answer.value[0].scheduleItems[0].start, {
      dateTime: '2026-11-24T00:00:00.0000000',
      timeZone: 'Europe/Stockholm'
    })
  }
)

t.test('getSchedule keeps to its limits', async (t) => {
  const { put, graph } = await openSimulator(t)
  const events = Array.from({ length: 1001 }, (): EventInput => {
    return { start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' }
  })
  put('anna@example.se')
  put('crowded@example.se', ...events)
  const ask = async (changed: object) => {
    const body = { schedules: ['anna@example.se'], ...window, ...changed }
    const answer = await graph('/users/anna@example.se/calendar/getSchedule', { body })
    return answer.body.error ? [answer.status, answer.body.error.code] : answer.status
  }
  const addresses = (count: number) => Array.from({ length: count }, (_, index) => `u${index}@example.se`)
  t.equal(await ask({ schedules: addresses(20) }), 200)
  t.same(await ask({ schedules: addresses(21) }), [400, 'ErrorMailboxDataArrayTooBig'])
  t.same(await ask({ schedules: [] }), [400, 'ErrorInvalidParameter'])
  t.equal(await ask({ endTime: at('2027-01-24T07:59:59') }), 200)
  t.same(await ask({ endTime: at('2027-01-24T08:00:00') }), [400, 'ErrorTimeIntervalTooBig'], '62 days')
  t.same(await ask({ endTime: window.startTime }), [400, 'ErrorInvalidTimeInterval'])
  t.same(await ask({ startTime: { dateTime: 'noon', timeZone: 'UTC' } }), [400, 'ErrorInvalidParameter'])
  t.equal(await ask({ availabilityViewInterval: 5 }), 200)
  t.same(await ask({ availabilityViewInterval: 4 }), [400, 'ErrorInvalidMergedFreeBusyInterval'])
  t.same(await ask({ availabilityViewInterval: 1441 }), [400, 'ErrorInvalidMergedFreeBusyInterval'])
  t.same(await ask({ availabilityViewInterval: null }), [500, 'ErrorInternalServerError'])
  const body = { schedules: ['crowded@example.se'], ...window }
  const crowded = await graph('/users/anna@example.se/calendar/getSchedule', { body })
  t.equal(crowded.body.value[0].error.responseCode, '5006')
  t.equal((await graph('/users/anna@example.se/calendar/getSchedule')).status, 405)
})

t.test('a batch takes 20 calls, each with an answer of its own, and refuses what is malformed', async (t) => {
  const { put, graph, simulator } = await openSimulator(t)
  put('anna@example.se', { subject: 'x', start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' })
  const item = (id: string, name = 'anna') => ({
    id,
    method: 'GET',
    url: `/users/${name}@example.se/calendarView?${day}&$select=subject`
  })
  const send = (requests: unknown) => graph('/$batch', { body: { requests } })
  const items = Array.from({ length: 20 }, (_, index) => item(`r${index}`, index === 7 ? 'ghost' : 'anna'))
  const { status, body } = await send(items)
  t.equal(status, 200)
  t.same(body.responses.map((each: { id: string }) => each.id).sort(), items.map(({ id }) => id).sort())
  t.not(body.responses[0].id, 'r0', 'the order is not that of the requests')
  for (const { id, status, body: answer } of body.responses)
    t.equal(status, id === 'r7' ? 404 : 200, answer.error?.code)
  t.equal(simulator.requests.count({ route: 'batch' }), 1)
  t.equal(simulator.requests.count({ route: 'calendarView', status: 200 }), 19)
  t.equal(simulator.requests.list({ route: 'batch' })[0]?.items, 20)
  t.ok(simulator.requests.list({ route: 'calendarView' }).every(({ batch }) => batch !== null))

  const refused: [string, unknown][] = [
    ['MaximumValueExceeded', Array.from({ length: 21 }, (_, index) => item(`r${index}`))],
    ['BadRequest', [item('a'), item('a')]],
    ['BadRequest', [{ ...item('a'), method: 'LOOK' }]],
    ['BadRequest', [{ ...item('a'), url: 'https://graph.microsoft.com/v1.0/me' }]],
    ['BadRequest', [{ ...item('a'), method: 'POST', body: {} }]],
    ['BadRequest', [{ ...item('a'), dependsOn: ['b'] }]],
    ['BadRequest', 'none'],
    ['BadRequest', []]
  ]
  for (const [code, requests] of refused)
    t.match(await send(requests), { status: 400, body: { error: { code } } })
})

t.test('headers, bodies and dependencies work inside a batch', async (t) => {
  const { put, graph } = await openSimulator(t)
  put('anna@example.se', { start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' })
  const requests = [
    {
      id: '1',
      method: 'GET',
      url: `users/anna@example.se/calendarView?${day}`,
      headers: { Prefer: 'outlook.timezone="Europe/Stockholm"' }
    },
    { id: '2', method: 'GET', url: `users/ghost@example.se/calendarView?${day}` },
    {
      id: '3',
      method: 'POST',
      url: '/users/anna@example.se/calendar/getSchedule',
      headers: { 'Content-Type': 'application/json' },
      body: { schedules: ['anna@example.se'], ...window },
      dependsOn: ['1']
    },
    { id: '4', method: 'GET', url: `users/anna@example.se/calendarView?${day}`, dependsOn: ['2'] }
  ]
  const { body } = await graph('/$batch', { body: { requests } })
  const by = new Map(body.responses.map((each: { id: string }) => [each.id, each]))
  t.match(by.get('1'), { status: 200, body: { value: [{ start: { dateTime: /T10:00/ } }] } })
  t.match(by.get('3'), { status: 200, body: { value: [{ scheduleId: 'anna@example.se' }] } })
  t.match(by.get('4'), { status: 424, body: { error: { code: 'FailedDependency' } } })
})

t.test('four calls at a time to a mailbox: the fifth is throttled, other mailboxes are not', async (t) => {
  const { put, graph, simulator } = await openSimulator(t)
  put('anna@example.se')
  put('bo@example.se')
  const read = (name: string) => graph(`/users/${name}@example.se/calendarView?${day}`)
  const hang = simulator.faults.add({ kind: 'hang', mailbox: 'anna@example.se', count: 4 })
  const four = Array.from({ length: 4 }, () => read('anna'))
  await until(() => simulator.requests.peakConcurrency('anna@example.se') === 4)
  const fifth = await read('anna')
  t.match(fifth, {
    status: 429,
    body: { error: { code: 'ApplicationThrottled', message: /MailboxConcurrency/ } }
  })
  t.equal(fifth.headers['retry-after'], '1')
  t.equal((await read('bo')).status, 200)
  simulator.faults.remove(hang)
  t.same(
    (await Promise.all(four)).map(({ status }) => status),
    [200, 200, 200, 200]
  )
  t.equal((await read('anna')).status, 200)

  simulator.requests.clear()
  simulator.faults.add({ kind: 'slow', milliseconds: 5, tenant: simulatedTenant })
  const requests = Array.from({ length: 20 }, (_, id) => ({
    id: String(id),
    method: 'GET',
    url: `/users/anna@example.se/calendarView?${day}`
  }))
  const { body } = await graph('/$batch', { body: { requests } })
  t.ok(
    body.responses.every((each: { status: number }) => each.status === 200),
    'one batch alone never exceeds it'
  )
  t.equal(simulator.requests.peakConcurrency('anna@example.se'), 4)
})
