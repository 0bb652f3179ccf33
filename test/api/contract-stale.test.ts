/** Section 4 of the design at the running service: calendars that appear, go away, and turn stale; whole days; codes that are gone. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
const acme = '/v1/tenants/acme'
const MINUTE = 60_000
const now = Math.floor(Date.now() / 1000) * 1000
const iso = (minutes: number) => new Date(now + minutes * MINUTE).toISOString().replace('.000Z', 'Z')
const event = (subject: string) => vevent(subject, now - 60 * MINUTE, now + 60 * MINUTE)

const diversionsOf = (...codes: string[]) =>
  codes.map((code) => ({ code, labels: { sv: `${code} på svenska` }, phone: 'closed' }))
const rules = {
  diversions: diversionsOf('meeting', 'lunch', 'busy'),
  triggers: [
    { match: 'word', text: 'MÖT', diversion: 'meeting' },
    { match: 'word', text: 'LUN', diversion: 'lunch' }
  ]
}
const put = (id: string, changes = {}) =>
  call('PUT', `${acme}/users/${id}`, {
    displayName: id,
    extension: '1',
    mailbox: `${id}.ics`,
    syncEnabled: true,
    ...changes
  })
const statusOf = async (id: string) => (await call('GET', `${acme}/users/${id}/status`)).body
const syncOf = async (id: string) => {
  const { users } = (await call('GET', `${acme}/sync`)).body
  return users.find((one: { user: string }) => one.user === id)
}
const isIn = (state: string, id: string) =>
  until(`${id} is ${state}`, async () => {
    const status = await statusOf(id)
    return status.sync.state === state && status
  })
const held = { diversion: 'lunch', phone: 'closed', since: iso(-60), until: iso(60), source: 'calendar' }

await service.tenant('acme')
await call('PUT', `${acme}/rules`, rules)
await call('PUT', `${acme}/connection`, { kind: 'ics', pollSeconds: 10 })

t.test('a file that is not there yet is reported, and read when it appears', async (t) => {
  await put('late')
  t.match(await isIn('failed', 'late'), { diversion: 'available', source: 'none' })
  t.match(await syncOf('late'), { code: 'mailbox_unknown', hint: /put it there/, lastSuccess: null })
  await service.calendar('acme', 'late.ics', event('MÖT'))
  t.match(await isIn('fresh', 'late'), { diversion: 'meeting' })
  t.match(await syncOf('late'), { code: null, hint: null, lastSuccess: /Z$/ })
})

t.test(
  'a file that is deleted leaves the timeline, which becomes stale: that transition is the only change',
  async (t) => {
    await service.calendar('acme', 'anna.ics', event('LUN'))
    await put('anna')
    t.match(await isIn('fresh', 'anna'), held)
    let { cursor } = (await call('GET', `${acme}/statuses`)).body
    await rm(join(service.folder, 'calendars/acme/anna.ics'))
    const seen: string[] = []
    while (seen.at(-1) !== 'stale' && seen.length < 10) {
      const { body } = await call('GET', `${acme}/changes?wait=55&cursor=${cursor}`)
      cursor = body.cursor
      const own = body.changes.filter((one: { user: string }) => one.user === 'anna')
      for (const status of own) {
        seen.push(status.sync.state)
        t.match(status, held, 'never as available')
        t.ok(Date.parse(status.sync.since) <= Date.now())
      }
      if (body.changes.length === 0) seen.push('nothing came')
    }
    t.strictSame(seen, ['stale'])
    t.match(await syncOf('anna'), {
      state: 'stale',
      code: 'mailbox_unknown',
      lastSuccess: /Z$/,
      rulesVersion: 1
    })
    await call('POST', `${acme}/sync`)
    t.match(await statusOf('anna'), { ...held, sync: { state: 'stale' } }, 'a further failure drops nothing')
  }
)

t.test(
  'a stored code that no longer exists shows as busy, with the phone of its rule, until read again',
  async (t) => {
    const meeting = rules.triggers.slice(0, 1)
    const without = { diversions: diversionsOf('meeting', 'busy'), triggers: meeting }
    t.equal((await call('PUT', `${acme}/rules`, without)).status, 200)
    const gone = { ...held, diversion: 'busy', label: 'busy på svenska' }
    t.match(await statusOf('anna'), gone)
    const { intervals } = (await call('GET', `${acme}/users/anna/timeline`)).body
    t.strictSame(intervals, [{ start: iso(-60), end: iso(60), diversion: 'busy', phone: 'closed' }])
    const { statuses } = (await call('GET', `${acme}/statuses?diversion=busy`)).body
    t.strictSame(
      statuses.map((one: { user: string }) => one.user),
      ['anna']
    )
    await call('PUT', `${acme}/rules`, { diversions: diversionsOf('meeting'), triggers: meeting })
    t.match(
      await statusOf('anna'),
      { diversion: 'busy', phone: 'closed' },
      'also where the catalogue has no busy'
    )
    await service.calendar('acme', 'anna.ics', event('MÖT'))
    t.match(await isIn('fresh', 'anna'), { diversion: 'meeting', source: 'calendar' })
  }
)

t.test(
  'a new mailbox, sync switched off and a new connection drop what is held, and no override',
  async (t) => {
    const nothing = { diversion: 'available', source: 'none', since: null, until: null }
    await put('anna', { mailbox: 'other.ics' })
    t.match(await isIn('failed', 'anna'), nothing)
    await put('anna')
    t.match(await isIn('fresh', 'anna'), { diversion: 'meeting' })
    await put('anna', { syncEnabled: false })
    t.match(await statusOf('anna'), { ...nothing, sync: { state: 'off' } })
    await put('anna')
    await isIn('fresh', 'anna')
    await call('PUT', `${acme}/users/late/override`, { diversion: 'meeting', until: iso(30) })
    t.equal((await call('DELETE', `${acme}/connection`)).status, 204)
    t.match(await statusOf('anna'), { ...nothing, sync: { state: 'never' } })
    t.match(await statusOf('late'), {
      diversion: 'meeting',
      until: iso(30),
      source: 'override',
      sync: { state: 'never' }
    })
  }
)
