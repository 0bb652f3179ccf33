/** A proxy that does not let a published calendar's server pass, or is down: named to that user, and a fault of no other. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import t from '../../group/tap.ts'
import { startTestService, vevent } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const proxy = createServer()
let statusLine = ''
proxy.on('connect', (_: IncomingMessage, socket: Duplex) => {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${statusLine}\r\nContent-Length: 0\r\n\r\n`)
})
await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
const settings = { https_proxy: `http://${address}`, http_proxy: `http://${address}`, no_proxy: '' }
for (const [name, value] of Object.entries(settings)) {
  const before = process.env[name]
  process.env[name] = value
  t.teardown(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}
t.teardown(() => void proxy.close())

const rows = [
  ['403 Forbidden', /gave no way through.*HTTP 403.*NO_PROXY/],
  ['407 Proxy Authentication Required', /asks for a sign-in.*HTTPS_PROXY/],
  // Last: afterwards nobody listens there.
  [null, /does not answer \(ECONNREFUSED\).*HTTPS_PROXY/]
] as const

for (const [answer, hint] of rows) {
  t.test(`a proxy that ${answer === null ? 'is down' : `answers ${answer}`}`, async (t) => {
    if (answer === null) proxy.close()
    else statusLine = answer
    const service = await startTestService(t)
    await service.tenant('acme')
    const now = Date.now()
    await service.calendar('acme', 'bo.ics', vevent('LUN', now - 600_000, now + 3_600_000))
    const mailboxes = { anna: 'https://calendar.example/secret/anna.ics', bo: 'bo.ics' }
    for (const [user, mailbox] of Object.entries(mailboxes)) {
      const body = { displayName: user, extension: user, mailbox, syncEnabled: true }
      t.equal((await service.call('PUT', `/v1/tenants/acme/users/${user}`, body)).status, 201)
    }
    await service.call('PUT', '/v1/tenants/acme/connection', { kind: 'ics', pollSeconds: 10 })
    const report = async () => (await service.call('GET', '/v1/tenants/acme/sync')).body
    const { connection, users } = await until('both were tried', async () => {
      const body = await report()
      return body.users.every(({ state }: { state: string }) => state !== 'never') && body
    })
    t.match(users, [
      { user: 'anna', state: 'failed', code: 'proxy_refused', hint },
      { user: 'bo', state: 'fresh', code: null }
    ])
    t.match(users[0].hint, `The proxy ${address} `)
    t.notMatch(JSON.stringify(users), /secret/)
    t.equal(connection.state, 'working', 'the file of the other user needs no proxy')
    const test = await service.call('POST', '/v1/tenants/acme/connection/test?user=anna')
    t.match(test.body, {
      ok: false,
      checks: [
        { name: 'address', ok: true },
        { name: 'reach', ok: false, code: 'proxy_refused', hint }
      ]
    })
  })
}
