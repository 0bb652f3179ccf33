/** Users of one calendar file: the answer to an invitation counts for the one whose `owner` gave it. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

t.test('two users share a calendar, and each has their own answer', async (t) => {
  const service = await startTestService(t)
  await service.tenant('acme')
  const now = Date.now()
  await service.calendar(
    'acme',
    'team.ics',
    vevent(
      'MÖT: budget',
      now - 600_000,
      now + 3_600_000,
      'ORGANIZER:mailto:cia@example.se',
      'ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.se',
      'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bo@example.se'
    )
  )
  const put = (user: string, owner?: string) =>
    service.call('PUT', `/v1/tenants/acme/users/${user}`, {
      displayName: user,
      extension: user,
      mailbox: 'team.ics',
      syncEnabled: true,
      ...(owner === undefined ? {} : { owner })
    })
  t.equal((await put('anna', 'Anna@example.se')).status, 201)
  t.equal((await put('bo', 'bo@example.se')).status, 201)
  t.equal((await put('team')).status, 201)
  t.equal((await service.call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })).status, 201)
  const status = async (user: string) =>
    (await service.call('GET', `/v1/tenants/acme/users/${user}/status`)).body
  const isFresh = async (user: string) => (await status(user)).sync.state === 'fresh'
  await until('all are read', async () => (await isFresh('anna')) && (await isFresh('bo')) && isFresh('team'))
  t.equal((await status('anna')).diversion, 'available', 'declined')
  t.equal((await status('bo')).diversion, 'busy', 'accepted')
  t.equal((await status('team')).diversion, 'busy', 'nobody knows whose answer counts')
  const report = (await service.call('GET', '/v1/tenants/acme/sync')).body
  const hints = Object.fromEntries(
    report.users.map((entry: { user: string; hint: string | null }) => [entry.user, entry.hint])
  )
  t.match(hints, { anna: null, bo: null, team: /does not say whose it is/ })

  t.equal((await put('team', 'anna@example.se')).status, 200)
  await until('the answer of the new owner counts', async () => {
    const { diversion, sync } = await status('team')
    return sync.state === 'fresh' && diversion === 'available'
  })
})
