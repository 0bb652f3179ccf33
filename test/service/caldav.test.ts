/** A tenant on a CalDAV server, as operators and switches see it: put, tested, read, edited; its passwords stay secret. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from '../group/tap.ts'
import { startFakeCaldavServer } from '../support/fake-caldav-server.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const password = 'hemlig-lösen-1'
const at = '/v1/tenants/acme/connection'

function eventNow(subject: string): string {
  const basic = (instant: number) => `${new Date(instant).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`
  const [start, end] = [basic(Date.now() - 600_000), basic(Date.now() + 3_600_000)]
  return [
    'BEGIN:VEVENT',
    `UID:${subject}`,
    `SUMMARY:${subject}`,
    `DTSTART:${start}`,
    `DTEND:${end}`,
    'END:VEVENT'
  ].join('\r\n')
}

t.test('one account for all users, then one each', async (t) => {
  const server = await startFakeCaldavServer(t)
  server.password = password
  const service = await startTestService(t, { maxCallsPerMinute: 1_000_000 })
  const { call } = service
  await service.tenant('acme')
  await call('PUT', '/v1/tenants/acme/rules', { pack: 'infracom' })
  const diversionOf = async (user: string) =>
    (await call('GET', `/v1/tenants/acme/users/${user}/status`)).body.diversion
  const codeOf = async (user: string) => {
    const { body } = await call('GET', '/v1/tenants/acme/sync')
    return body.users.find((one: { user: string }) => one.user === user)?.code
  }
  server.put('anna', [eventNow('LUN: pizza')])
  for (const [id, mailbox] of [
    ['anna', 'anna'],
    ['ana', 'ana']
  ])
    await call('PUT', `/v1/tenants/acme/users/${id}`, {
      displayName: id,
      extension: '1',
      mailbox,
      syncEnabled: true
    })
  server.hasAnonymous = true

  const connection = {
    kind: 'caldav',
    url: `${server.origin}/`,
    userUrl: '/dav/calendars/{mailbox}/personal/',
    pollSeconds: 10
  }
  const auth = { kind: 'basic', user: 'svc' }
  const missing = await call('PUT', at, { ...connection, auth })
  t.match(missing.body.errors, [{ field: 'auth/password', message: /is missing/ }])
  const made = await call('PUT', at, { ...connection, auth: { ...auth, password } })
  t.equal(made.status, 201, made.text)
  const shown = { ...connection, access: 'shared', auth, secrets: ['auth/password'] }
  t.strictSame((await call('GET', at)).body, shown)
  t.equal((await call('PUT', at, shown)).status, 200, 'put back as it was read, the password stays')
  const moved = await call('PUT', at, { ...shown, url: 'https://elsewhere.example/', userUrl: undefined })
  t.match(
    moved.body.errors,
    [{ field: 'auth/password' }],
    'and is asked for where it would go to another host'
  )

  const tested = await call('POST', `${at}/test?user=anna`)
  t.match(tested.body, { ok: true })
  await until('anna at lunch', async () => (await diversionOf('anna')) === 'lunch')
  await until('the mistyped one is unknown', async () => (await codeOf('ana')) === 'mailbox_unknown')
  server.put('anna', [])
  await until('the edit is polled', async () => (await diversionOf('anna')) === 'available')

  const perUser = await call('PUT', at, { kind: 'caldav', access: 'perUser', pollSeconds: 10 })
  t.equal(perUser.status, 200, perUser.text)
  server.put('bo', [eventNow('LUN: sallad')])
  const mailbox = server.origin.replace('://', `://bo:${encodeURIComponent(password)}@`)
  const { body: bo } = await call('PUT', '/v1/tenants/acme/users/bo', {
    displayName: 'bo',
    extension: '2',
    mailbox: `${mailbox}/dav/`,
    syncEnabled: true
  })
  t.equal(bo.mailbox, `${server.origin}/…`)
  await until('bo at lunch', async () => (await diversionOf('bo')) === 'lunch')
  await until('anna has no address', async () => (await codeOf('anna')) === 'mailbox_unknown')

  const files = await readdir(service.folder, { recursive: true, withFileTypes: true })
  const stored = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name)))
  )
  const kept =
    Buffer.concat(stored).toString('latin1') + Buffer.from(service.log().join('\n')).toString('latin1')
  for (const secret of [
    password,
    encodeURIComponent(password),
    Buffer.from(`svc:${password}`).toString('base64')
  ])
    t.notOk(kept.includes(Buffer.from(secret).toString('latin1')), 'neither stored in clear nor logged')
  t.notOk(/pizza|sallad/.test(kept), 'nor any subject')
})
