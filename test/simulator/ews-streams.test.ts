/** Streams at their worst: broken, silent, in odd chunks, with ids that die; and many of them at a time. */
import t from '../group/tap.ts'
import { until } from '../support/until.ts'
import { calendarOf, openEws, service, tenant, texts } from './ews-open.ts'
import { openStream, streaming, types } from './ews-stream.ts'

const anna = 'anna@example.se'
const lunch = {
  id: 'lunch',
  subject: 'LUN: sill',
  start: '2026-11-23T11:00:00Z',
  end: '2026-11-23T12:00:00Z'
}
const opened = ['NoError', 'OK']
const pull = `<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>${calendarOf()}</t:FolderIds><t:EventTypes>${types}</t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`

t.test('a stream is closed, cut in the middle of a document, reset, or silent', async (t) => {
  const open = await openEws(t)
  const { streams } = open.simulator.ewsSubscriptions
  open.put(anna)
  const id = await streaming(open, anna)
  const stream = async () => {
    const made = await openStream(open, [id])
    t.same(await made.next(), opened)
    return made
  }
  const closed = await stream()
  t.equal(streams.end('close', { mailbox: anna }), 1)
  t.same(await closed.next(), ['NoError', 'Closed'])
  t.equal(await closed.next(), null)

  const cut = await stream()
  t.equal(streams.end('cut', { tenant }), 1)
  await t.rejects(cut.next(), 'the connection ends')
  t.match(cut.raw(), /<\/Envelope><\?xml .+<\w+/, 'behind half of a document')
  t.notMatch(cut.raw(), /<\/Envelope>$/)
  const reset = await stream()
  t.equal(streams.end('reset'), 1)
  await t.rejects(reset.next())
  t.match(reset.raw(), /<\/Envelope>$/)

  streams.configure({ heartbeat: 10 })
  const lively = await stream()
  t.same(await lively.next(), ['NoError', id], 'a sign of life')
  const silent = await stream()
  t.equal(streams.end('silence', { probability: 1 }), 2)
  t.equal(streams.end('close', { mailbox: 'bo@example.se' }), 0)
  open.simulator.mailboxes.putEvent(tenant, anna, lunch)
  await silent.leave()
  await lively.leave()
  await until(() => streams.count === 0)
  streams.configure({ heartbeat: 60_000 })
  const after = await stream()
  open.simulator.mailboxes.deleteEvent(tenant, anna, 'lunch')
  t.same(await after.next(), ['NoError', id, 'DeletedEvent', 'FreeBusyChangedEvent'], 'the other was lost')
  streams.configure({ minute: 1 })
  const brief = await stream()
  t.same(await brief.next(), ['NoError', 'Closed'], 'its minute is over')
})

t.test('documents come together or in pieces, split anywhere', async (t) => {
  const open = await openEws(t)
  const { ewsSubscriptions: subscriptions, mailboxes } = open.simulator
  const names = [anna, 'bo@example.se']
  for (const name of names) open.put(name)
  const ids = [await streaming(open, anna), await streaming(open, 'bo@example.se')]
  const read = async (chunks: 'joined' | 'split' | 'mixed') => {
    subscriptions.streams.configure({ chunks, seed: 3 })
    const stream = await openStream(open, ids)
    t.same(await stream.next(), opened)
    const before = stream.chunks.length
    for (const name of names) mailboxes.putEvent(tenant, name, lunch)
    const found: Awaited<ReturnType<typeof stream.next>>[] = []
    const documents = chunks === 'split' ? 1 : 3
    for (let read = 0; read < documents; read += 1) found.push(await stream.next())
    await stream.leave()
    const pieces = stream.chunks.slice(before).map((chunk) => Buffer.from(chunk))
    return { codes: found.map((each) => each?.[1]), pieces, raw: stream.raw() }
  }
  const joined = await read('joined')
  t.same(joined.codes, [ids[0], ids[1], ids[0]], 'two notifications and a heartbeat')
  t.equal(joined.pieces.length, 1)
  for (const chunks of ['split', 'mixed'] as const) {
    const { pieces, raw } = await read(chunks)
    t.ok(pieces.length > 20, `${pieces.length} pieces`)
    t.match(raw, /å € 😀/)
    t.ok(
      pieces.some((piece) => piece.toString().includes('\ufffd')),
      'split within a character'
    )
  }
})

t.test('ids are lost: the stream names them and goes on with the others, or says nothing', async (t) => {
  const open = await openEws(t)
  const { ewsSubscriptions: subscriptions, mailboxes } = open.simulator
  open.put(anna)
  open.put('bo@example.se')
  const ids = [await streaming(open, anna), await streaming(open, 'bo@example.se')]
  const stream = await openStream(open, ids)
  await stream.next()
  t.equal(subscriptions.dropSubscriptions({ mailbox: anna }), 1)
  t.same(await stream.next(), ['ErrorInvalidSubscription', ids[0]])
  mailboxes.putEvent(tenant, anna, lunch)
  mailboxes.putEvent(tenant, 'bo@example.se', lunch)
  t.same((await stream.next())?.[1], ids[1])
  t.equal(subscriptions.dropSubscriptions({ silently: true }), 1)
  open.put(anna)
  const again = await streaming(open, anna)
  const next = await openStream(open, [again])
  await next.next()
  t.equal(subscriptions.dropSubscriptions({ tenant }), 1)
  t.same((await next.next())?.[0], 'ErrorInvalidSubscription')
  t.equal(await next.next(), null, 'none is left')
})

t.test(
  'notifications of EWS are lost, late and doubled like Graph’s; budgets are as they are set',
  async (t) => {
    const open = await openEws(t, { streams: 1, subscriptions: 2, accounts: [service] })
    const { deliveryFaults, mailboxes } = open.simulator
    open.put(anna)
    const id = await streaming(open, anna)
    await streaming(open, anna)
    t.equal(await streaming(open, anna), 'ErrorExceededSubscriptionCount')
    open.simulator.faults.add({ kind: 'reset', route: 'getStreamingEvents', count: 1 })
    await t.rejects(openStream(open, [id]), 'what was never opened is not counted')
    const stream = await openStream(open, [id])
    await stream.next()
    t.same(await (await openStream(open, [id])).next(), ['ErrorExceededConnectionCount'])
    deliveryFaults.set({ protocol: 'graph', lost: 1 })
    mailboxes.putEvent(tenant, anna, lunch)
    t.equal((await stream.next())?.length, 4, 'faults for Graph alone')
    deliveryFaults.set({ duplicated: 1 })
    mailboxes.putEvent(tenant, anna, lunch)
    t.equal((await stream.next())?.length, 6)
    deliveryFaults.set({ lost: 1 })
    mailboxes.putEvent(tenant, anna, lunch)
    deliveryFaults.set({ delay: { min: 1, max: 2 } })
    mailboxes.deleteEvent(tenant, anna, 'lunch')
    t.same((await stream.next())?.[2], 'DeletedEvent', 'the one before was lost')
  }
)

t.test('of several servers only the one that has a subscription knows it', async (t) => {
  const cases = [
    ['2016', 'X-BackEndOverrideCookie', { 'X-AnchorMailbox': anna, 'X-PreferServerAffinity': 'true' }],
    ['2010_SP3', 'exchangecookie', {}]
  ] as const
  for (const [version, name, headers] of cases) {
    const open = await openEws(t, { version, servers: 5 })
    open.put(anna)
    const impersonate = { name: anna }
    const made = await open.ask(pull, { impersonate, headers, version: 'Exchange2010_SP1' })
    const [id, watermark] = [texts(made.body, 'SubscriptionId')[0], texts(made.body, 'Watermark')[0]]
    const cookie = made.headers.get('set-cookie')?.split(';')[0] ?? ''
    t.match(cookie, new RegExp(`^${name}=ex\\d~`))
    const get = `<m:GetEvents><m:SubscriptionId>${id}</m:SubscriptionId><m:Watermark>${watermark}</m:Watermark></m:GetEvents>`
    const asked = (more: object) =>
      open.ask(get, { impersonate, headers: { ...headers, ...more }, version: 'Exchange2010_SP1' })
    t.equal((await asked({ cookie: `a=b; ${cookie}` })).code, 'NoError')
    const other = { cookie: '', 'X-AnchorMailbox': 'elsewhere@example.se' }
    t.equal((await asked(other)).code, 'ErrorSubscriptionNotFound')
    t.equal((await asked({ ...other, cookie })).code, 'NoError', 'the cookie is stronger than the mailbox')
  }
})

t.test('an edit wakes its own stream alone, however many there are', async (t) => {
  const open = await openEws(t, { streams: 100 })
  const { ewsSubscriptions: subscriptions, mailboxes, installations } = open.simulator
  const addresses = Array.from({ length: 10_000 }, (_, each) => `u${each}@example.se`)
  for (const address of addresses) open.put(address)
  const wanted = new Set(['CreatedEvent', 'ModifiedEvent', 'DeletedEvent'] as const)
  const owner = installations.get(tenant)?.accounts[0]?.address ?? ''
  const ids = addresses.map((address) => {
    const mailbox = mailboxes.get(tenant, address)!
    const budget = `${tenant} ${address}`
    return subscriptions.subscribe({
      mailbox,
      owner,
      budget,
      server: 0,
      streaming: true,
      types: wanted,
      minutes: 30,
      most: 20
    })!.id
  })
  const groups = Array.from({ length: 50 }, (_, each) => ids.slice(each * 200, each * 200 + 200))
  open.put(anna)
  const streams = await Promise.all(groups.map((group) => openStream(open, group)))
  for (const each of streams) t.same(await each.next(), opened)
  for (const address of addresses) mailboxes.putEvent(tenant, address, lunch)
  let events = 0
  const read = async (stream: (typeof streams)[number]) => {
    for (let mine = 0; mine < 200; ) {
      const found = (await stream.next())?.filter((each) => each === 'CreatedEvent').length ?? 200
      mine += found
      events += found
    }
  }
  await Promise.all(streams.map(read))
  t.equal(events, 10_000)
})
