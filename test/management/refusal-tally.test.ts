/** Refused keys and sign-ins are counted: whatever a stranger sends, an hour comes to few entries. */

import { RefusalTally } from '../../src/management/audit/refusal-tally.ts'
import type { AuditDraft } from '../../src/storage/audit.ts'
import { StoreUnavailable } from '../../src/storage/store.ts'
import t from '../group/tap.ts'

function open() {
  const drafts: AuditDraft[] = []
  const held = { isAway: false, fire: () => {} }
  const tally = new RefusalTally({
    audit: {
      async append(tenant, draft) {
        if (held.isAway) throw new StoreUnavailable('away')
        t.equal(tenant, null)
        drafts.push(draft)
      }
    },
    clock: () => 3_600_000,
    after: (_, fire) => {
      held.fire = fire
      return () => {}
    }
  })
  const said = () => drafts.splice(0).map(({ action, address, after }) => [action, address, after?.count])
  return { tally, held, said, drafts }
}

t.test('a thousand addresses come to twenty entries and one for all others', async (t) => {
  const { tally, said } = open()
  for (let host = 0; host < 1000; host++) {
    for (let time = 0; time < 3; time++)
      tally.count('key.refused', `192.0.${host >> 8}.${host & 255}`, 'wrong key')
  }
  await tally.flush()
  const found = said()
  t.equal(found.length, 21)
  t.strictSame(found[0], ['key.refused', '192.0.0.0', 3])
  t.strictSame(found.at(-1), ['key.refused', null, 3 * 980])
  await tally.flush()
  t.strictSame(said(), [])
})

t.test('the addresses of one IPv6 network are one', async (t) => {
  const { tally, said } = open()
  for (const host of ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::ffff']) {
    tally.count('sign-in.failed', host, 'noRole')
  }
  tally.count('sign-in.failed', '2001:db8::1', 'noRole')
  tally.count('sign-in.failed', '::1', 'noRole')
  await tally.flush()
  t.strictSame(said(), [
    ['sign-in.failed', '2001:db8:1:2::/64', 3],
    ['sign-in.failed', '2001:db8:0:0::/64', 1],
    ['sign-in.failed', '::1', 1]
  ])
})

t.test('with the store away the counts stay until the next hour', async (t) => {
  const { tally, held, said } = open()
  tally.count('key.refused', '192.0.2.1', 'wrong key')
  held.isAway = true
  await tally.flush()
  tally.count('key.refused', '192.0.2.1', 'wrong key')
  held.isAway = false
  held.fire()
  await tally.flush()
  t.strictSame(said(), [['key.refused', '192.0.2.1', 2]])
})
