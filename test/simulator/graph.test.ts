/** Reading calendars: what calendarView and users give to the real Graph client, and what they refuse. */

import type { EventInput } from '../../simulator/calendar-item.ts'
import t from '../group/tap.ts'
import { openSimulator, simulatedTenant } from '../support/open-simulator.ts'

const week = 'startDateTime=2026-11-23T00:00:00Z&endDateTime=2026-11-30T00:00:00Z'

t.test('an event has the members of the real thing, nothing less and in the same types', async (t) => {
  const { put, token, client } = await openSimulator(t)
  put('anna@example.se', {
    id: 'brunch',
    subject: 'Brunch',
    location: 'Café',
    start: '2026-11-23T12:00:00+01:00',
    end: '2026-11-23T13:00:00+01:00',
    categories: ['Röd'],
    response: 'tentative'
  })
  const graph = client(await token())
  const page = await graph.api('/users/anna@example.se/calendarView').query(week).get()
  t.same(Object.keys(page), ['@odata.context', 'value'])
  const [event] = page.value
  // By hand from Microsoft's "event resource type" (v1.0) and its samples.
  t.match(event, {
    '@odata.etag': /^W\/".+"$/,
    id: String,
    createdDateTime: /Z$/,
    lastModifiedDateTime: /Z$/,
    changeKey: String,
    categories: ['Röd'],
    iCalUId: String,
    subject: 'Brunch',
    bodyPreview: String,
    importance: 'normal',
    sensitivity: 'normal',
    isAllDay: false,
    isCancelled: false,
    isOrganizer: false,
    seriesMasterId: null,
    showAs: 'busy',
    type: 'singleInstance',
    webLink: String,
    responseStatus: { response: 'tentativelyAccepted', time: /Z$/ },
    body: { contentType: 'html', content: String },
    start: { dateTime: '2026-11-23T11:00:00.0000000', timeZone: 'UTC' },
    end: { dateTime: '2026-11-23T12:00:00.0000000', timeZone: 'UTC' },
    location: { displayName: 'Café', locationType: 'default', uniqueId: 'Café', uniqueIdType: 'private' },
    attendees: [],
    organizer: { emailAddress: { name: String, address: String } }
  })
})

t.test(
  'only what is selected comes back, with id and etag; without consent to bodies there are none',
  async (t) => {
    const { simulator, put, token, client, graph } = await openSimulator(t, {
      roles: ['Calendars.ReadBasic.All']
    })
    put('anna@example.se', { subject: 'Lunch', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' })
    const request = client(await token())
      .api('/users/anna@example.se/calendarView')
      .query(week)
    const selected = await request.select(['subject', 'start', 'showAs']).get()
    t.same(Object.keys(selected.value[0]).sort(), ['@odata.etag', 'id', 'showAs', 'start', 'subject'])
    t.equal(
      selected['@odata.context'],
      `${simulator.graphRoot}/v1.0/$metadata#users('anna%40example.se')/calendarView(subject,start,showAs)`
    )
    const whole = await graph(`/users/anna@example.se/calendarView?${week}`)
    t.notOk('body' in whole.body.value[0])
    const wrong = await graph(`/users/anna@example.se/calendarView?${week}&$select=subject,extension`)
    t.match(wrong, {
      status: 400,
      body: { error: { code: 'RequestBroker--ParseUri', message: /extension/ } }
    })
  }
)

t.test(
  'pages hold ten events unless asked otherwise, and the next link leads through all of them',
  async (t) => {
    const { put, graph } = await openSimulator(t)
    const events = Array.from({ length: 25 }, (_, index): EventInput => {
      const hour = String(index % 20).padStart(2, '0')
      return { id: `e${index}`, start: `2026-11-24T${hour}:00:00Z`, end: `2026-11-24T${hour}:30:00Z` }
    })
    put('anna@example.se', ...events)
    const seen = new Set<string>()
    const sizes: number[] = []
    let path: string | null = `/users/anna@example.se/calendarView?${week}&$select=id,subject`
    while (path !== null) {
      const { body } = await graph(path)
      sizes.push(body.value.length)
      for (const { id } of body.value) seen.add(id)
      path = body['@odata.nextLink'] ? body['@odata.nextLink'].split('/v1.0')[1] : null
    }
    t.same(sizes, [10, 10, 5])
    t.equal(seen.size, 25)
    const all = `/users/anna@example.se/calendarView?${week}&$top=1000`
    t.equal((await graph(all)).body.value.length, 25)
    t.equal((await graph(`/users/anna@example.se/calendarView?${week}&$top=1001`)).status, 400)
    t.equal(
      (await graph(`/users/anna@example.se/calendarView?${week}`, { prefer: 'odata.maxpagesize=3' })).body
        .value.length,
      3
    )
    const ordered = (await graph(`${all}&$orderby=start/dateTime`)).body.value.map(
      (each: { start: { dateTime: string } }) => each.start.dateTime
    )
    t.same(ordered, [...ordered].sort())
  }
)

t.test(
  'offsets in the window are honoured, without one it is UTC, and the zone of the answer is asked for',
  async (t) => {
    const { put, graph } = await openSimulator(t)
    put('anna@example.se', { start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' })
    const count = async (from: string, to: string) => {
      const query = new URLSearchParams({ startDateTime: from, endDateTime: to })
      return (await graph(`/users/anna@example.se/calendarView?${query}`)).body.value?.length
    }
    t.equal(await count('2026-11-23T10:00:00', '2026-11-23T11:00:00'), 0)
    t.equal(await count('2026-11-23T10:00:00+01:00', '2026-11-23T10:00:01+01:00'), 1)
    t.equal(await count('2026-11-23T08:00:00Z', '2026-11-23T09:00:00Z'), 0, 'the end is not in it')
    t.equal(await count('noon', '2026-11-23T11:00:00'), undefined)
    const path = `/users/anna@example.se/calendarView?${week}`
    for (const zone of ['W. Europe Standard Time', 'Europe/Stockholm']) {
      const { body, headers } = await graph(path, {
        prefer: `outlook.timezone="${zone}", IdType="ImmutableId"`
      })
      t.same(body.value[0].start, { dateTime: '2026-11-23T10:00:00.0000000', timeZone: zone })
      t.match(headers['preference-applied'], zone)
    }
    const nowhere = await graph(path, { prefer: 'outlook.timezone="Mars/Olympus"' })
    t.match(nowhere, { status: 400, body: { error: { code: 'TimeZoneNotSupportedException' } } })
    const long = await graph(
      '/users/anna@example.se/calendarView?startDateTime=2020-01-01&endDateTime=2026-01-01'
    )
    t.match(long, { status: 400, body: { error: { code: 'ErrorInvalidRequest', message: /1825/ } } })
    t.equal((await graph('/users/anna@example.se/calendarView?startDateTime=2026-11-23')).status, 400)
  }
)

t.test('all-day events float: midnights by name, selected by the midnights of the owner', async (t) => {
  const { put, graph } = await openSimulator(t)
  const events: EventInput[] = [{ start: '2026-11-24', end: '2026-11-26', allDay: true, showAs: 'oof' }]
  put({ address: 'tui@example.se', timeZone: 'Pacific/Auckland', events })
  const { body } = await graph(`/users/tui@example.se/calendarView?${week}`)
  t.match(body.value[0], {
    isAllDay: true,
    start: { dateTime: '2026-11-24T00:00:00.0000000', timeZone: 'UTC' },
    end: { dateTime: '2026-11-26T00:00:00.0000000', timeZone: 'UTC' }
  })
  const early = 'startDateTime=2026-11-23T10:00:00Z&endDateTime=2026-11-23T11:00:01Z'
  t.equal((await graph(`/users/tui@example.se/calendarView?${early}`)).body.value.length, 1)
  const late = 'startDateTime=2026-11-25T11:00:00Z&endDateTime=2026-11-25T23:00:00Z'
  t.equal((await graph(`/users/tui@example.se/calendarView?${late}`)).body.value.length, 0)
})

t.test(
  'a series is expanded by the wall clock, over the change to summer time, with its exceptions',
  async (t) => {
    const { put, graph } = await openSimulator(t)
    put('anna@example.se', {
      id: 'standup',
      subject: 'Avstämning',
      start: '2026-03-23T09:00:00+01:00',
      end: '2026-03-23T09:15:00+01:00',
      recurrence: {
        every: 'week',
        days: ['monday', 'wednesday'],
        count: 6,
        skip: ['2026-03-25'],
        changes: {
          '2026-04-01': { subject: 'Flyttad', start: '2026-04-02T12:00:00Z', end: '2026-04-02T13:00:00Z' }
        }
      }
    })
    const path = '/users/anna@example.se/calendarView?startDateTime=2026-03-01&endDateTime=2026-05-01'
    const { body } = await graph(path, { prefer: 'IdType="ImmutableId"' })
    const found = body.value.map((each: { start: { dateTime: string }; type: string; subject: string }) => [
      each.start.dateTime.slice(0, 16),
      each.type,
      each.subject
    ])
    t.same(found.sort(), [
      ['2026-03-23T08:00', 'occurrence', 'Avstämning'],
      ['2026-03-30T07:00', 'occurrence', 'Avstämning'],
      ['2026-04-02T12:00', 'exception', 'Flyttad'],
      ['2026-04-06T07:00', 'occurrence', 'Avstämning'],
      ['2026-04-08T07:00', 'occurrence', 'Avstämning']
    ])
    const ids = (
      of: { id: string; seriesMasterId: string; iCalUId: string }[],
      member: 'id' | 'seriesMasterId' | 'iCalUId'
    ) => new Set(of.map((each) => each[member])).size
    t.same([ids(body.value, 'id'), ids(body.value, 'iCalUId'), ids(body.value, 'seriesMasterId')], [5, 5, 1])
  }
)

t.test('an immutable id outlasts an edit, the etag does not', async (t) => {
  const { put, simulator, graph } = await openSimulator(t)
  const event = { id: 'lunch', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
  put('anna@example.se', event)
  const changed: string[] = []
  simulator.mailboxes.on('changed', (change) => changed.push(`${change.kind} ${change.event}`))
  const read = async (prefer?: string) =>
    (await graph(`/users/anna@example.se/calendarView?${week}&$select=id`, prefer ? { prefer } : {})).body
      .value[0]
  const before = await read('IdType="ImmutableId"')
  simulator.mailboxes.putEvent(simulatedTenant, 'anna@example.se', {
    ...event,
    subject: 'Sen'
  })
  const after = await read('IdType="ImmutableId"')
  t.equal(after.id, before.id)
  t.not(after['@odata.etag'], before['@odata.etag'])
  t.not((await read()).id, after.id, 'without the preference ids are of the other kind')
  t.same(changed, ['updated lunch'])
  put('anna@example.se', { ...event, id: 'late' })
  t.same(changed.slice(1), ['created late', 'deleted lunch'], 'a list of events replaces all')
})

t.test('a mailbox is found by each of its names; one that cannot be read says why', async (t) => {
  const { put, graph, simulator } = await openSimulator(t, {
    roles: ['Calendars.Read', 'User.Read.All'],
    mailboxes: ['anna@example.se', 'gone@example.se']
  })
  put({
    address: 'Anna@example.se',
    userPrincipalName: 'ek@example.se',
    aliases: ['a@example.se'],
    displayName: 'Anna Ek'
  })
  put({ address: 'gone@example.se', hosting: 'absent' })
  put('bo@example.se')
  const anna = simulator.mailboxes.list(simulatedTenant)[0]
  for (const name of ['anna@example.se', 'ek@example.se', 'a@example.se', anna?.objectId ?? '']) {
    t.equal((await graph(`/users/${name}/calendarView?${week}`)).status, 200, name)
  }
  const error = async (name: string) => {
    const { status, body, headers } = await graph(`/users/${name}/calendarView?${week}`)
    t.same(Object.keys(body.error.innerError).sort(), ['client-request-id', 'date', 'request-id'])
    t.equal(body.error.innerError['request-id'], headers['request-id'])
    return [status, body.error.code]
  }
  t.same(await error('gone@example.se'), [404, 'MailboxNotEnabledForRESTAPI'])
  t.same(await error('ghost@example.se'), [404, 'ErrorInvalidUser'])
  t.same(await error('00000000-0000-4000-8000-000000000000'), [404, 'ResourceNotFound'])
  t.same(await error('bo@example.se'), [403, 'ErrorAccessDenied'], 'outside the scope of the application')
  t.match((await graph('/users/a@example.se')).body, {
    id: anna?.objectId,
    mail: 'Anna@example.se',
    displayName: 'Anna Ek'
  })
  t.match(await graph('/users/ghost@example.se'), {
    status: 404,
    body: { error: { code: 'Request_ResourceNotFound' } }
  })
  t.match(await graph('/users/anna@example.se/drive'), {
    status: 400,
    body: { error: { code: 'BadRequest' } }
  })
})
