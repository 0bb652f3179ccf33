/** How a client learns of edits: by a state that it keeps, by asking again, and by a stream of documents. */
import t from '../group/tap.ts'
import { basic, calendarOf, every, itemShape, openEws, outline, service, tenant, texts } from './ews-open.ts'
import { openStream, streaming, types } from './ews-stream.ts'

const lunch = {
  id: 'lunch',
  subject: 'LUN: sill',
  start: '2026-11-23T11:00:00Z',
  end: '2026-11-23T12:00:00Z'
}
const daily = {
  id: 'daily',
  start: '2026-11-20T08:00:00Z',
  end: '2026-11-20T08:30:00Z',
  recurrence: { every: 'day' }
} as const
const anna = { address: 'anna@example.se' }
const impersonate = { name: 'anna@example.se' }

t.test('a folder is followed by a state that the client keeps', async (t) => {
  const { put, ask, simulator } = await openEws(t)
  put({ ...anna, rights: { 'svc@example.se': 'reviewer' }, events: [lunch, daily] })
  const sync = async (state: string, most = 10) => {
    const response = await ask(
      `<m:SyncFolderItems>${itemShape('IdOnly')}<m:SyncFolderId>${calendarOf('anna@example.se')}</m:SyncFolderId>${state && `<m:SyncState>${state}</m:SyncState>`}<m:MaxChangesReturned>${most}</m:MaxChangesReturned></m:SyncFolderItems>`
    )
    const changes = every(response.body, 'Changes')[0]?.children.map(outline)
    return {
      changes,
      state: texts(response.body, 'SyncState')[0]!,
      whole: texts(response.body, 'IncludesLastItemInRange')[0],
      code: response.code
    }
  }
  const first = await sync('', 1)
  t.match(first, { changes: ['Create(CalendarItem(ItemId))'], whole: 'false' })
  const second = await sync(first.state)
  t.match(second, { changes: ['Create(CalendarItem(ItemId))'], whole: 'true' })
  t.same((await sync(second.state)).changes, [])
  simulator.mailboxes.putEvent(tenant, 'anna@example.se', { ...lunch, subject: 'Ny' })
  simulator.mailboxes.deleteEvent(tenant, 'anna@example.se', 'daily')
  t.same((await sync(second.state)).changes, ['Update(CalendarItem(ItemId))', 'Delete(ItemId)'])
  t.match(await sync('nonsense'), { code: 'ErrorInvalidSyncStateData', state: '', whole: 'true' })
  t.equal((await sync('', 513)).code, 'ErrorSchemaValidation')
})

t.test(
  'a pull subscription returns the events since a watermark, to the account that created it',
  async (t) => {
    const accounts = [service, { user: 'other', password: 'x', impersonates: 'everybody' as const }]
    const { put, ask, simulator } = await openEws(t, { accounts })
    put({ ...anna, rights: { 'svc@example.se': 'reviewer' } })
    put({ address: 'bo@example.se', rights: { 'svc@example.se': 'fullAccess' } })
    const pull = (folder: string) =>
      `<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>${folder}</t:FolderIds><t:EventTypes>${types}</t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`
    t.equal(
      (await ask(pull(calendarOf('anna@example.se')))).code,
      'ErrorSubscriptionDelegateAccessNotSupported'
    )
    t.equal((await ask(pull(calendarOf('bo@example.se')))).code, 'NoError', 'the owner’s rights are enough')
    const made = await ask(pull(calendarOf()), { impersonate })
    t.equal(
      outline(every(made.body, 'SubscribeResponseMessage')[0]!),
      'SubscribeResponseMessage(ResponseCode,SubscriptionId,Watermark)'
    )
    const [id, first] = [texts(made.body, 'SubscriptionId')[0]!, texts(made.body, 'Watermark')[0]!]
    const events = (watermark: string, authorization = basic(service.user, service.password)) =>
      ask(
        `<m:GetEvents><m:SubscriptionId>${id}</m:SubscriptionId><m:Watermark>${watermark}</m:Watermark></m:GetEvents>`,
        { impersonate, authorization }
      )
    t.equal(
      outline(every((await events(first)).body, 'Notification')[0]!),
      'Notification(SubscriptionId,PreviousWatermark,MoreEvents,StatusEvent(Watermark))'
    )
    simulator.mailboxes.putEvent(tenant, 'anna@example.se', lunch)
    simulator.mailboxes.putEvent(tenant, 'anna@example.se', { ...lunch, subject: 'Ny' })
    const response = await events(first)
    const inside = '(Watermark,TimeStamp,ItemId,ParentFolderId)'
    t.equal(
      outline(every(response.body, 'Notification')[0]!),
      `Notification(SubscriptionId,PreviousWatermark,MoreEvents,CreatedEvent${inside},FreeBusyChangedEvent${inside},ModifiedEvent${inside},FreeBusyChangedEvent${inside})`
    )
    const latest = texts(response.body, 'Watermark').at(-1)!
    t.equal(every((await events(latest)).body, 'StatusEvent').length, 1)
    t.equal(every((await events(first)).body, 'CreatedEvent').length, 1, 'asked again from the old watermark')
    t.equal((await events('nonsense')).code, 'ErrorInvalidWatermark')
    t.equal((await events(latest, basic('other', 'x'))).code, 'ErrorSubscriptionAccessDenied')
    const leave = `<m:Unsubscribe><m:SubscriptionId>${id}</m:SubscriptionId></m:Unsubscribe>`
    t.equal((await ask(leave)).code, 'NoError')
    t.equal((await ask(leave)).code, 'ErrorSubscriptionNotFound')
    t.equal((await events(latest)).code, 'ErrorSubscriptionNotFound')
  }
)

t.test('a stream is one document after the other: opened, events, closed', async (t) => {
  const open = await openEws(t)
  const { put, simulator } = open
  put(anna)
  put('bo@example.se')
  const ids = [await streaming(open, 'anna@example.se'), await streaming(open, 'bo@example.se')]
  const stream = await openStream(open, [...ids, 'gone'])
  t.same(await stream.next(), ['ErrorInvalidSubscription', 'gone'])
  t.same(await stream.next(), ['NoError', 'OK'])
  simulator.mailboxes.putEvent(tenant, 'anna@example.se', lunch)
  t.same(await stream.next(), ['NoError', ids[0], 'CreatedEvent', 'FreeBusyChangedEvent'])
  simulator.mailboxes.putEvent(tenant, 'bo@example.se', lunch)
  t.same(await stream.next(), ['NoError', ids[1], 'CreatedEvent', 'FreeBusyChangedEvent'])
  simulator.mailboxes.deleteEvent(tenant, 'anna@example.se', 'lunch')
  t.same(await stream.next(), ['NoError', ids[0], 'DeletedEvent', 'FreeBusyChangedEvent'])
  t.match(
    stream.raw(),
    /^<\?xml version="1.0" encoding="utf-8"\?><Envelope xmlns="http:\/\/schemas.xmlsoap.org\/soap\/envelope\/"><soap11:Header /
  )
  simulator.ewsSubscriptions.closeStreams(tenant)
  t.same(await stream.next(), ['NoError', 'Closed'])
  t.equal(await stream.next(), null)
  t.equal(simulator.ewsSubscriptions.count(tenant), 2, 'the subscriptions still exist')
  const again = await openStream(open, ids)
  t.same(await again.next(), ['NoError', 'OK'])
  simulator.ewsSubscriptions.dropAll(tenant)
  t.same(await again.next(), ['NoError', 'Closed'])
  const lost = await openStream(open, ids)
  t.same(await lost.next(), ['ErrorInvalidSubscription', ...ids, 'Closed'])
  t.equal(await lost.next(), null)
})

t.test('streams and subscriptions are as many as a budget allows', async (t) => {
  const open = await openEws(t, { version: '2013_SP1' })
  open.put(anna)
  const id = await streaming(open, 'anna@example.se')
  const streams = [await openStream(open, [id]), await openStream(open, [id]), await openStream(open, [id])]
  for (const each of streams) t.same(await each.next(), ['NoError', 'OK'])
  t.same(await (await openStream(open, [id])).next(), ['ErrorExceededConnectionCount'])
  await streams[0]?.leave()
  open.simulator.installations.put(tenant, { version: '2010_SP3', accounts: [service] })
  for (let made = 1; made < 20; made += 1) await streaming(open, 'anna@example.se')
  t.equal(await streaming(open, 'anna@example.se'), 'ErrorExceededSubscriptionCount')
})
