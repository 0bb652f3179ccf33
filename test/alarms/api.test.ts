/** The calls on alarms: recipients are checked, confirmed by a code, tried and removed, of a tenant and of the provider. */
import type { Test } from 'tap'
import { noAlarmSenders } from '../../src/config-alarms.ts'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { startMailServer, textOf } from './mail-server.ts'

async function start(t: Test) {
  const mail = await startMailServer(t)
  const service = await startTestService(t, {
    publicUrl: null,
    alarms: {
      ...noAlarmSenders,
      smtp: {
        host: '127.0.0.1',
        port: mail.port,
        secure: false,
        auth: { user: 'hanvisa', pass: 'right' },
        requireTls: false,
        from: { name: 'Hanvisa', address: 'alarms@provider.example' }
      }
    }
  })
  await service.tenant('acme')
  return { mail, service }
}

for (const root of ['/v1/tenants/acme/alarms', '/v1/alarms']) {
  t.test(`a recipient at ${root} gets a code, and nothing else until it was given back`, async (t) => {
    const { mail, service } = await start(t)
    const it = `${root}/recipients/it`
    const body = {
      channel: 'email',
      to: 'it@acme.example',
      language: 'sv',
      quiet: { from: '18:00', to: '07:00', days: [5, 1] },
      digest: '07:30'
    }
    const made = await service.call('PUT', it, body)
    t.equal(made.status, 201)
    t.match(made.body, {
      recipient: 'it',
      to: 'it@acme.example',
      minSeverity: 'warning',
      quiet: { days: [1, 5], criticalToo: false },
      confirmed: false,
      lastResult: { at: /^[\d-]+T[\d:]+Z$/, ok: true, code: 'sent' }
    })
    const codeIn = () => /Koden är (\d{6})\./.exec(textOf(mail.mails.at(-1)!))![1]!
    const first = codeIn()
    t.equal((await service.call('POST', `${it}/test`)).status, 409, 'not confirmed')
    const wrong = first === '000000' ? '111111' : '000000'
    for (let attempt = 0; attempt < 5; attempt++) {
      const refused = await service.call('POST', `${it}/confirm`, { code: wrong })
      t.match(refused, { status: 400, body: { errors: [{ field: 'code' }] } })
    }
    t.equal((await service.call('POST', `${it}/confirm`, { code: first })).status, 400, 'after five attempts')
    t.equal((await service.call('POST', `${it}/code`)).status, 200)
    t.match(await service.call('POST', `${it}/confirm`, { code: codeIn() }), {
      status: 200,
      body: { confirmed: true }
    })
    t.match(await service.call('POST', `${it}/test`), {
      status: 200,
      body: { ok: true, code: 'sent', said: /^250/ }
    })
    t.match(textOf(mail.mails.at(-1)!), /Detta är ett test/)
    t.match(await service.call('PUT', it, { ...body, digest: null }), {
      status: 200,
      body: { confirmed: true }
    })
    t.match(
      await service.call('PUT', it, { ...body, to: 'other@acme.example' }),
      { status: 200, body: { confirmed: false } },
      'another address is confirmed anew'
    )
    t.match(await service.call('GET', `${root}/recipients`), { body: { recipients: [{ recipient: 'it' }] } })
    t.equal((await service.call('DELETE', it)).status, 204)
    t.equal((await service.call('GET', it)).status, 404)
    const kept = JSON.stringify(service.log())
    t.notOk(kept.includes('acme.example'), 'no address in the log')
    t.notOk(kept.includes(first), 'no code in the log')
  })
}

t.test('what is no one address is refused, and nothing goes out', async (t) => {
  const { mail, service } = await start(t)
  const put = (body: object) => service.call('PUT', '/v1/tenants/acme/alarms/recipients/it', body)
  const hostile = [
    'ok@x.se\r\nRCPT TO:<evil@x.se>',
    'ok@x.se\nBcc: evil@x.se',
    'x:evil@x.se;',
    'ok@x.se, evil@x.se',
    'Ok <ok@x.se>',
    '"a@b"@x.se',
    'räksmörgås@x.se',
    'ok',
    'x'.repeat(3000)
  ]
  for (const to of hostile) {
    const refused = await put({ channel: 'email', to })
    t.match(refused, { status: 400, body: { errors: [{ field: 'to' }] } }, JSON.stringify(to).slice(0, 60))
  }
  for (const to of [
    '0701234567',
    '+46 70 123',
    '+4670123456789012',
    '+0701234567',
    '+46701234567,+46701234568'
  ]) {
    t.equal((await put({ channel: 'sms', to })).status, 400, to)
  }
  for (const to of ['ftp://x.se', 'https://u:p@x.se/', 'https://x.se/#a', 'x.se', 'https://x.se/\r\nevil']) {
    t.equal((await put({ channel: 'webhook', to })).status, 400, to)
  }
  const it = { channel: 'email', to: 'it@acme.example' }
  for (const more of [
    { quiet: { from: '25:00', to: '07:00' } },
    { quiet: { from: '18:00', to: '07:00', days: [] } },
    { quiet: { from: '18:00', to: '07:00', days: [8] } },
    { digest: '7:30' },
    { language: 'xx' },
    { timeZone: 'Mars' },
    { format: 'slack' },
    { channel: 'fax' },
    { extra: 1 }
  ]) {
    t.equal((await put({ ...it, ...more })).status, 400, JSON.stringify(more))
  }
  t.equal((await put({ channel: 'sms', to: '+46701234567', digest: '07:30' })).status, 400)
  t.strictSame(mail.asked, [])
})

t.test(
  'at most ten recipients, three of them by SMS; a webhook shows its secret once and its host alone',
  async (t) => {
    const { service } = await start(t)
    const put = (id: string, body: object) =>
      service.call('PUT', `/v1/tenants/acme/alarms/recipients/${id}`, body)
    for (let index = 0; index < 3; index++) {
      const made = await put(`sms-${index}`, { channel: 'sms', to: `+4670123456${index}` })
      t.match(made, { status: 201, body: { lastResult: { ok: false, code: 'not_configured' } } })
    }
    t.match(await put('sms-3', { channel: 'sms', to: '+46701234569' }), { status: 409 })
    const hook = await put('hook', { channel: 'webhook', to: `${service.origin}/kanariefågel?token=1` })
    t.match(hook.body, {
      to: `${service.origin}/…`,
      format: 'standard',
      secret: /^whsec_[A-Za-z0-9+/]{43}=$/
    })
    const again = await put('hook', {
      channel: 'webhook',
      to: `${service.origin}/kanariefågel?token=1`,
      minSeverity: 'critical'
    })
    t.equal(again.body.secret, undefined)
    for (let index = 0; index < 6; index++)
      await put(`m-${index}`, { channel: 'email', to: `m${index}@acme.example` })
    t.match(await put('m-6', { channel: 'email', to: 'm6@acme.example' }), {
      status: 409,
      body: { detail: /10 recipients/ }
    })
    const list = await service.call('GET', '/v1/tenants/acme/alarms/recipients')
    t.notOk(/kanarief|whsec_/.test(list.text))
  }
)

t.test('settings, mutes and the list of alarms', async (t) => {
  const { service } = await start(t)
  const root = '/v1/tenants/acme/alarms'
  t.strictSame((await service.call('GET', `${root}/settings`)).body, {
    share: 0.2,
    minutes: 30,
    reminderHours: 24,
    muteUntil: null
  })
  const muteUntil = new Date(Math.floor(Date.now() / 1000) * 1000 + 3_600_000)
    .toISOString()
    .replace('.000', '')
  t.match((await service.call('PUT', `${root}/settings`, { share: 0.5, muteUntil })).body, {
    share: 0.5,
    muteUntil
  })
  for (const body of [
    { share: 2 },
    { minutes: 0 },
    { muteUntil: '2020-01-01T00:00:00Z' },
    { muteUntil: '2099-01-01T00:00:00Z' }
  ]) {
    t.equal((await service.call('PUT', `${root}/settings`, body)).status, 400, JSON.stringify(body))
  }
  t.equal((await service.call('POST', `${root}/stale/mute`, { until: muteUntil })).status, 204)
  t.equal((await service.call('POST', `${root}/stale/mute`, { until: null })).status, 204)
  t.equal((await service.call('POST', `${root}/nonsense/mute`, { until: null })).status, 400)
  t.strictSame((await service.call('GET', root)).body, { alarms: [] })
  t.strictSame((await service.call('GET', '/v1/alarms')).body, { alarms: [] })
  t.equal((await service.call('GET', '/v1/tenants/nobody/alarms')).status, 404)
  t.equal((await service.call('GET', '/v1/tenants/nobody/alarms/recipients')).status, 404)
})
