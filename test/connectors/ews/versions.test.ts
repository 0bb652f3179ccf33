/** Every version of Exchange is found out once, and what spends a budget is left alone until its time. */

import { exchangeVersions, type VersionName } from '../../../simulator/ews/versions.ts'
import t from '../../group/tap.ts'
import { exchangeMeeting, isCall, openExchange, outcomesOf, readErrorOf } from './exchange.ts'

for (const access of ['delegate', 'impersonation'] as const) {
  t.test(`${access}: every version is found out once and remembered`, async (t) => {
    const exchange = await openExchange(t, access)
    const { simulator, put, install, connector, read } = exchange
    const mailboxes = ['a@example.se', 'b@example.se', 'c@example.se']
    for (const mailbox of mailboxes) put(mailbox, {}, exchangeMeeting('MÖT', { showAs: 'workingElsewhere' }))
    for (const version of exchangeVersions.keys()) {
      install({ version: version as VersionName })
      const one = connector()
      simulator.requests.clear()
      t.same(outcomesOf(await read(one, mailboxes)), [['MÖT'], ['MÖT'], ['MÖT']], version)
      const first = simulator.requests.list({ tenant: exchange.directory }).filter(isCall).length
      const usual = access === 'delegate' ? 1 : 3
      // Besides, each mailbox that shows no occurrence is looked at once for series.
      const looks = access === 'delegate' ? 0 : 3
      t.ok(first >= usual && first <= usual + looks + 6, `${version}: ${first} calls at first`)
      simulator.requests.clear()
      const [again] = await read(one, mailboxes)
      const then = simulator.requests.list({ tenant: exchange.directory }).filter(isCall).length
      t.equal(then, usual, `${version}: then as many as are needed`)
      const knows = version >= '2013' || version === 'SE'
      if (again?.outcome === 'read')
        t.equal(again.events[0]?.busy, knows ? 'workingElsewhere' : 'free', version)
    }
  })

  t.test(`${access}: a configured version is the only one requested`, async (t) => {
    const { simulator, put, install, connector, read } = await openExchange(t, access)
    put('a@example.se', {}, exchangeMeeting('MÖT'))
    install({ version: '2010_SP1' })
    const stated = connector({ version: 'Exchange2010_SP1' })
    t.same(outcomesOf(await read(stated, ['a@example.se'])), [['MÖT']])
    simulator.requests.clear()
    const error = readErrorOf((await read(connector({ version: 'Exchange2016' }), ['a@example.se']))[0])
    t.match(error, { code: 'protocol_error', hint: /version.*ErrorInvalidServerVersion/ })
    t.equal(simulator.requests.list().filter(isCall).length, 1)
  })

  t.test(`${access}: after a throttling error no request is sent before its time`, async (t) => {
    let now = Date.parse('2026-11-18T08:00:00Z')
    const { simulator, put, connector, read } = await openExchange(t, access, 'ntlm', () => now)
    put('a@example.se', {}, exchangeMeeting('A'))
    put('b@example.se', {}, exchangeMeeting('B'))
    const both = ['a@example.se', 'b@example.se']
    const one = connector()
    await read(one, both)
    const route = access === 'delegate' ? 'getUserAvailability' : 'findItem'
    const owner = access === 'impersonation' ? { mailbox: 'a@example.se' } : {}
    for (const inMessages of access === 'impersonation' ? [false, true] : [false]) {
      const busy = {
        kind: 'ews',
        code: 'ErrorServerBusy',
        backOffMilliseconds: 7000,
        count: 1,
        inMessages
      } as const
      simulator.faults.add({ ...busy, ...owner, route })
      const [first, second] = await read(one, both)
      const scope = access === 'delegate' ? 'connection' : 'mailbox'
      t.match(readErrorOf(first), { code: 'throttled', retryAfter: 7000, scope })
      if (access === 'delegate') t.match(readErrorOf(second), { code: 'throttled', retryAfter: 7000 })
      else t.match(second, { outcome: 'read' }, 'the budget is that of the other mailbox')
      now += 6000
      simulator.requests.clear()
      t.match(readErrorOf((await read(one, ['a@example.se']))[0]), { code: 'throttled', retryAfter: 1000 })
      t.equal(simulator.requests.list().filter(isCall).length, 0, 'no call before its time')
      now += 1001
      t.same(outcomesOf(await read(one, ['a@example.se'])), [['A']])
    }
    simulator.faults.add({ kind: 'status', status: 503, retryAfter: '4', count: 1, route, ...owner })
    t.match(readErrorOf((await read(one, ['a@example.se']))[0]), {
      code: 'throttled',
      retryAfter: 4000,
      scope: 'connection'
    })
    t.match(
      readErrorOf((await read(one, ['b@example.se']))[0]),
      { code: 'throttled' },
      'IIS is full for everybody'
    )
    now += 4001
    simulator.faults.add({ kind: 'ews', code: 'ErrorExceededConnectionCount', count: 1, route, ...owner })
    t.match(readErrorOf((await read(one, ['a@example.se']))[0]), { code: 'throttled', retryAfter: 5000 })
    now += 5001
    t.same(outcomesOf(await read(one, both)), [['A'], ['B']])
  })
}

t.test('2010 SP1 charges impersonated calls to the account', async (t) => {
  const { simulator, put, install, connector, read } = await openExchange(t, 'impersonation')
  install({ version: '2010_SP1' })
  put('a@example.se', {}, exchangeMeeting('A'))
  const one = connector()
  await read(one, ['a@example.se'])
  simulator.faults.add({
    kind: 'ews',
    code: 'ErrorServerBusy',
    backOffMilliseconds: 60_000,
    count: 1,
    route: 'findItem'
  })
  t.match(readErrorOf((await read(one, ['a@example.se']))[0]), { code: 'throttled', scope: 'connection' })
})
