/** Whose answer to an invitation counts, where the user states the calendar's owner. */
import t from '../../group/tap.ts'
import { startTestService, vevent } from '../../support/service.ts'

const service = await startTestService(t)
const { call } = service
const now = Math.floor(Date.now() / 1000) * 1000

t.test('the owner’s own answer is known by the address stated beside the mailbox', async (t) => {
  await service.tenant('acme')
  const lines = [
    'ORGANIZER:mailto:boss@acme.example',
    'ATTENDEE;PARTSTAT=DECLINED:mailto:Eva@acme.example',
    'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bo@acme.example'
  ]
  await service.calendar('acme', 'shared.ics', vevent('LUN', now, now + 3_600_000, ...lines))
  await call('PUT', '/v1/tenants/acme/rules', { pack: 'infracom' })
  await call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })
  const decide = async (owner: string) => {
    const user = { displayName: 'X', extension: '1', syncEnabled: false, mailbox: 'shared.ics', owner }
    await call('PUT', '/v1/tenants/acme/users/x', user)
    const { body, text } = await call('POST', '/v1/tenants/acme/rules/preview', { user: 'x' })
    return body.decisions?.[0].diversion ?? text
  }
  t.equal(await decide('bo@acme.example'), 'lunch')
  t.match(await decide('eva@acme.example'), /"diversion":null/, 'declined')
})
