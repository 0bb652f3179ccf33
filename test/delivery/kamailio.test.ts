/** A SIP consumer of a running service at a real Kamailio: what a phone that watches it receives. */
import type { Test } from 'tap'
import { createSimulatorAuthority } from '../../simulator/authority.ts'
import t from '../group/tap.ts'
import {
  type KamailioServer,
  kamailioAccount,
  lacksKamailio,
  startKamailio
} from '../support/kamailio-server.ts'
import { startTestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'

const root = '/v1/tenants/acme'
const skip = lacksKamailio()

async function start(t: Test, kamailio: KamailioServer, body: object = {}) {
  const service = await startTestService(t)
  await service.tenant('acme')
  await service.call('PUT', `${root}/rules`, { pack: 'infracom' })
  for (const [user, extension] of [
    ['anna', '1070'],
    ['bo', '1071']
  ]) {
    await service.call('PUT', `${root}/users/${user}`, { displayName: user, extension, syncEnabled: false })
  }
  const put = (more: object = {}) =>
    service.call('PUT', `${root}/consumers/kamailio`, {
      kind: 'sip',
      proxy: `sip:127.0.0.1:${kamailio.port}`,
      domain: 'example.se',
      auth: kamailioAccount,
      ...body,
      ...more
    })
  const divert = (diversion: string | null) =>
    diversion === null
      ? service.call('DELETE', `${root}/users/anna/override`)
      : service.call('PUT', `${root}/users/anna/override`, { diversion, until: '2031-01-01T12:00:00Z' })
  const status = async () => (await service.call('GET', `${root}/consumers/kamailio`)).body.status
  return { service, put, divert, status }
}

/** The last document of a kind that the watcher received. */
async function lastDocument(read: () => Promise<string>): Promise<string> {
  const documents = (await read()).match(/<\?xml[\s\S]*?<\/(presence|dialog-info)>/g) ?? []
  return documents.at(-1) ?? ''
}

t.test(
  'a phone that watches sees the diversion, its lamp, and that it is over',
  { skip, timeout: hangMs },
  async (t) => {
    const kamailio = await startKamailio(t)
    const { service, put, divert, status } = await start(t, kamailio)
    const presence = await kamailio.watch('1070', 'presence')
    const lamp = await kamailio.watch('1070', 'dialog')
    const made = await put()
    t.equal(made.status, 201, made.text)
    t.notMatch(made.text, /secret"?:"?secret/, 'the password is not shown')
    await until('both are published', async () => (await status()).users.ok === 2)
    await divert('meeting')
    await until('the meeting', async () => /<rpid:meeting\s*\/>/.test(await lastDocument(presence)))
    const document = await lastDocument(presence)
    t.match(document, /<basic>closed<\/basic>/)
    t.match(document, /<note[^>]*>Möte<\/note>/)
    t.match(document, /until="2031-01-01T12:00:00Z"/)
    await until('the lamp', async () => /<state>confirmed<\/state>/.test(await lastDocument(lamp)))

    await divert('sick')
    await until('away', async () => /<rpid:away\s*\/>/.test(await lastDocument(presence)))
    t.notMatch(await presence(), /sick|Sjuk/i, 'what is sensitive is masked')
    await divert(null)
    await until('open', async () => /<basic>open<\/basic>/.test(await lastDocument(presence)))
    await until('the lamp is out', async () => /<state>terminated<\/state>/.test(await lastDocument(lamp)))

    const test = await service.call('POST', `${root}/consumers/kamailio/test?user=anna`)
    t.match(test.body, { ok: true })
    t.same(
      test.body.checks.map(({ name }: { name: string }) => name),
      ['connect', 'publish-presence', 'remove-presence', 'publish-dialog', 'remove-dialog']
    )
  }
)

t.test('a Kamailio that restarts is published to again', { skip, timeout: hangMs }, async (t) => {
  const kamailio = await startKamailio(t)
  const { put, divert, status } = await start(t, kamailio)
  await put()
  await divert('lunch')
  await until('published', async () => (await status()).users.ok === 2)
  await kamailio.restart()
  const presence = await kamailio.watch('1070', 'presence')
  await divert('vacation')
  await until('the new state', async () => /<rpid:vacation\s*\/>/.test(await lastDocument(presence)))
  const other = await kamailio.watch('1071', 'presence')
  await until('who did not change, too', async () => /<basic>open/.test(await lastDocument(other)))
})

t.test(
  'the stock file is refused with what to do, and goes on trying',
  { skip, timeout: hangMs },
  async (t) => {
    const kamailio = await startKamailio(t, { isStock: true })
    const { put, status, service } = await start(t, kamailio)
    await put()
    await until('refused', async () => (await status()).state === 'refused')
    t.match(await status(), { error: { code: 'refused', hint: /docs\/switches\/kamailio\.md/ } })
    await put({ auth: { user: 'hanvisa', password: 'wrong' } })
    const test = await service.call('POST', `${root}/consumers/kamailio/test?user=anna`)
    t.match(test.body, {
      ok: false,
      checks: [
        { name: 'connect', ok: true },
        { ok: false, code: 'refused' }
      ]
    })
  }
)

t.test(
  'over TLS, with the authority that issued the certificate, and not without',
  { skip, timeout: hangMs },
  async (t) => {
    const authority = await createSimulatorAuthority()
    const kamailio = await startKamailio(t, { tls: authority.server })
    const { put, status } = await start(t, kamailio)
    const proxy = `sips:127.0.0.1:${kamailio.tlsPort}`
    await put({ proxy })
    await until('not trusted', async () => (await status()).error !== null)
    t.match(await status(), { error: { code: 'unreachable', hint: /not trusted.*"ca"/ } })
    await put({ proxy, ca: authority.ca })
    await until('both are published', async () => (await status()).users.ok === 2)
  }
)
