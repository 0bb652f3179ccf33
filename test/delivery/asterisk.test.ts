/** An Asterisk consumer of a running service: what stands in Asterisk, what somebody else set there, and what it refuses. */
import type { Test } from 'tap'
import { AmiReader } from '../../src/delivery/asterisk/ami-message.ts'
import { AsteriskPeer } from '../../src/delivery/asterisk/asterisk-peer.ts'
import { asteriskKind } from '../../src/delivery/asterisk/kind.ts'
import type { ConsumerStatus, WantedState } from '../../src/delivery/consumer.ts'
import { machineTimers } from '../../src/lib/timers.ts'
import t from '../group/tap.ts'
import { type AmiServer, amiAccount, startAmi } from '../support/ami-server.ts'
import { startTestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'

const root = '/v1/tenants/acme'
const at = Date.UTC(2026, 10, 30, 12)

const statusOf = (more: Partial<ConsumerStatus> = {}) =>
  ({
    diversion: 'meeting',
    label: 'Möte, åter 14:30',
    phone: 'closed',
    reachableAt: '2026-11-30T13:30:00Z',
    ...more
  }) as ConsumerStatus
const open = statusOf({ diversion: 'available', label: 'Tillgänglig', phone: 'open', reachableAt: null })

function openPeer(t: Test, ami: AmiServer, more: object = {}) {
  let lost = 0
  const settings = asteriskKind.complete({
    host: '127.0.0.1',
    port: ami.port,
    tls: false,
    auth: amiAccount,
    ...more
  })
  const peer = new AsteriskPeer(
    {
      tenant: 'acme',
      consumer: 'pbx',
      timeZone: 'UTC',
      language: 'sv',
      settings,
      onStateLost: () => {
        lost++
      }
    },
    {
      recipes: new Map(),
      http: async () => {
        throw new Error('no HTTP')
      },
      addresses: { lookup: undefined as never, refusalOf: () => null },
      clock: () => at,
      timers: machineTimers,
      log: { info() {}, warn() {}, error() {} }
    }
  )
  t.teardown(() => peer.close())
  let acknowledged: WantedState['acknowledged'] = null
  const send = async (
    status: ConsumerStatus | null,
    signal = AbortSignal.timeout(hangMs),
    extension = '1070'
  ) => {
    const [one] = await peer.send([{ user: 'anna', extension, status, acknowledged }], {
      cursor: '',
      previousCursor: null,
      signal
    })
    acknowledged = { extension, tag: one!.tag ?? null }
    return one!
  }
  return { peer, send, lost: () => lost }
}

t.test('text, lamp and database of a closed phone, and of one that is open again', async (t) => {
  const ami = await startAmi(t)
  const { send } = openPeer(t, ami)
  t.match(await send(statusOf()), { outcome: 'ok' })
  t.same(
    Object.fromEntries(ami.presence),
    { 'CustomPresence:1070': 'away|meeting|Möte, åter 14:30' },
    'the comma too'
  )
  t.same(Object.fromEntries(ami.devices), { 'Custom:HV1070': 'BUSY' })
  const back = `${Date.UTC(2026, 10, 30, 13, 30) / 1000}`
  t.same(Object.fromEntries(ami.database), {
    'hanvisa/1070/diversion': 'meeting',
    'hanvisa/1070/label': 'Möte, åter 14:30',
    'hanvisa/1070/back': back,
    'hanvisa/1070/until': back
  })
  await send(open)
  t.match(ami.presence.get('CustomPresence:1070'), /^available\|/)
  t.equal(ami.devices.get('Custom:HV1070'), 'NOT_INUSE')
  t.equal(ami.database.size, 0)
  const vacation = await send(statusOf({ diversion: 'vacation', reachableAt: null }))
  t.match(ami.presence.get('CustomPresence:1070'), /^xa\|/, 'by the map')
  t.match(vacation, { refreshAfterMs: 24 * 3_600_000 }, 'an end that nobody knows is put off day by day')
  t.equal(Number(ami.database.get('hanvisa/1070/until')), at / 1000 + 26 * 3600)
  await send(null)
  t.match(
    [ami.presence.get('CustomPresence:1070'), ami.database.size],
    [/^not_set/, 0],
    'who is gone leaves nothing'
  )
})

t.test('what somebody set by hand is left alone until it is taken back', async (t) => {
  const ami = await startAmi(t)
  const { send } = openPeer(t, ami)
  await send(statusOf())
  ami.presence.set('CustomPresence:1070', 'dnd||')
  t.match(await send(open), { outcome: 'takenOver' })
  t.match(await send(statusOf()), { outcome: 'takenOver' }, 'over further changes')
  t.equal(ami.presence.get('CustomPresence:1070'), 'dnd||')
  ami.presence.set('CustomPresence:1070', 'available||')
  t.match(await send(statusOf()), { outcome: 'ok' })
  ami.presence.set('CustomPresence:2000', 'dnd||')
  t.match(
    await openPeer(t, ami).send(statusOf(), undefined, '2000'),
    { outcome: 'takenOver' },
    'at first contact too'
  )
  t.equal(ami.presence.get('CustomPresence:2000'), 'dnd||')
})

t.test('FreePBX: forwarding with the lamps of its own feature code, presence by device', async (t) => {
  const ami = await startAmi(t)
  ami.database.set('AMPUSER/1070/device', '1070&2070')
  const { send } = openPeer(t, ami, { flavour: 'freepbx', forwardTo: '*239{extension}', set: ['presence'] })
  await send(statusOf())
  t.equal(ami.database.get('CF/1070'), '*2391070')
  t.same([...ami.presence.keys()], ['CustomPresence:1070', 'CustomPresence:2070'])
  t.same(Object.fromEntries(ami.devices), {
    'Custom:CF1070': 'BUSY',
    'Custom:DEVCF1070': 'BUSY',
    'Custom:DEVCF2070': 'BUSY'
  })
  await send(open)
  t.notOk(ami.database.has('CF/1070'))
  t.same([...new Set(ami.devices.values())], ['NOT_INUSE'])
  ami.database.set('CF/1070', '0701234567')
  t.match(await send(statusOf()), { outcome: 'takenOver' })
  t.equal(ami.database.get('CF/1070'), '0701234567', 'a forwarding of their own stays')
})

t.test('FreePBX: do not disturb is its own, with lamps, and one by hand stays', async (t) => {
  const ami = await startAmi(t)
  ami.database.set('AMPUSER/1070/device', '1070&2070')
  const { send } = openPeer(t, ami, { flavour: 'freepbx', set: ['presence'] })
  t.match(await send(statusOf({ diversion: 'do-not-disturb' })), { outcome: 'ok' })
  t.equal(ami.database.get('DND/1070'), 'YES')
  t.same(Object.fromEntries(ami.devices), {
    'Custom:DND1070': 'BUSY',
    'Custom:DEVDND1070': 'BUSY',
    'Custom:DEVDND2070': 'BUSY'
  })
  await send(statusOf())
  t.notOk(ami.database.has('DND/1070'), 'a meeting is none')
  t.same([...new Set(ami.devices.values())], ['UNAVAILABLE'])
  ami.database.set('DND/1070', 'YES')
  t.match(await send(open), { outcome: 'takenOver' })
  t.equal(ami.database.get('DND/1070'), 'YES')
})

t.test('line ends in a label are no lines, and a long one is cut', async (t) => {
  const ami = await startAmi(t)
  const { send } = openPeer(t, ami)
  const label = `a\r\nAction: Originate\r\n\r\n\0${'å'.repeat(600)}`
  t.match(await send(statusOf({ label })), { outcome: 'ok' })
  t.notOk(ami.actions.includes('Originate'))
  t.match(ami.database.get('hanvisa/1070/label'), /^a {2}Action: Originate {5}å+$/)
  t.equal((await send(statusOf(), undefined, '10\r\nAction: Originate')).outcome, 'ok')
  t.notOk(ami.actions.includes('Originate'))
})

t.test('what Asterisk refuses, and what is no Asterisk', { timeout: hangMs }, async (t) => {
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => null,
      (error) => error
    )
  const ami = await startAmi(t)
  const wrong = openPeer(t, ami, { auth: { user: 'hanvisa', secret: 'no' } })
  t.match(await failure(wrong.send(statusOf())), {
    code: 'access_denied',
    consequence: 'refused',
    hint: /manager\.conf/
  })
  ami.denied.add('DBPut')
  const denied = openPeer(t, ami)
  t.match(await failure(denied.send(statusOf())), { code: 'access_denied', hint: /system,call/ })
  t.match(await denied.peer.check({} as WantedState, AbortSignal.timeout(hangMs)), [
    { name: 'connect', ok: true },
    { name: 'presence', ok: true },
    { name: 'device-state', ok: true },
    { name: 'database', ok: false, code: 'access_denied' }
  ])
  ami.denied.clear()
  const odd = openPeer(t, ami, { map: { '*': 'asleep' } })
  t.match(await odd.send(statusOf()), { outcome: 'failed', error: { code: 'peer_cannot' } }, 'of one user')
  const silent = openPeer(t, ami)
  ami.garble = () => null
  await failure(silent.send(statusOf(), AbortSignal.timeout(50)))
  ami.garble = () => `Response: ${'x'.repeat(300_000)}`
  t.match(await failure(silent.send(statusOf())), { code: 'protocol_error' })
  ami.garble = undefined
  t.match(await silent.send(statusOf()), { outcome: 'ok' }, 'it is connected to anew')
  ami.restart()
  await failure(silent.send(open))
  t.match(await silent.send(open), { outcome: 'ok' })
  t.ok(silent.lost() >= 1, 'after a restart everybody is set again')
})

t.test('a running service sets, shows no secret, and says how far it is', { timeout: hangMs }, async (t) => {
  const ami = await startAmi(t)
  const service = await startTestService(t)
  await service.tenant('acme')
  await service.call('PUT', `${root}/rules`, { pack: 'infracom' })
  await service.call('PUT', `${root}/users/anna`, {
    displayName: 'Anna',
    extension: '1070',
    syncEnabled: false
  })
  const body = { kind: 'asterisk', host: '127.0.0.1', port: ami.port, tls: false, auth: amiAccount }
  const made = await service.call('PUT', `${root}/consumers/pbx`, body)
  t.equal(made.status, 201, made.text)
  t.same([made.body.auth, made.body.secrets], [{ user: 'hanvisa' }, ['auth/secret']])
  await service.call('PUT', `${root}/users/anna/override`, { diversion: 'meeting' })
  await until('the meeting', () => ami.presence.get('CustomPresence:1070') === 'away|meeting|Möte')
  await until('acknowledged', async () => {
    const { status } = (await service.call('GET', `${root}/consumers/pbx`)).body
    return status.state === 'active' && status.users.ok === 1
  })
  const moved = await service.call('PUT', `${root}/consumers/pbx`, {
    ...body,
    host: '127.0.0.2',
    auth: { user: 'hanvisa' }
  })
  t.equal(moved.status, 400, 'a secret does not follow to another host')
})

t.test('a text that is cut within a character is read whole', async (t) => {
  const reader = new AmiReader()
  const bytes = Buffer.from('Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nValue: Möte\r\n\r\n')
  const messages = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])))
  t.same(
    messages.map((message) => message.get('value')),
    ['Möte']
  )
})
