/** A consumer that fails is a condition like any other. */

import type { ConsumerProgress, ConsumerRecord } from '../../src/storage/consumers.ts'
import t from '../group/tap.ts'
import { MINUTE } from '../support/tenant-fixture.ts'
import { addTenant, createAlarmHarness, MORNING, openTestStore, smtpSenders } from './alarm-harness.ts'
import { startMailServer, textOf } from './mail-server.ts'

t.test('a consumer that fails for an hour is told, and that it works again', async (t) => {
  const server = await startMailServer(t)
  const store = await openTestStore(t)
  const harness = createAlarmHarness(t, { store, senders: smtpSenders(t, server) })
  await addTenant(harness, 'acme', [{ id: 'it' }])
  const consumer: ConsumerRecord = {
    id: 'pbx',
    kind: 'webhook',
    version: 'v1',
    open: {},
    sealed: {},
    pausedAt: null,
    changedAt: MORNING
  }
  const failing: ConsumerProgress = {
    state: 'failing',
    cursor: null,
    acknowledgedAt: MORNING,
    failures: 3,
    failingSince: MORNING,
    error: { code: 'refused', hint: 'kanariefågel' },
    behindSince: MORNING,
    savedAt: MORNING,
    users: { ok: 0, sent: 0, failed: 0, takenOver: 0 }
  }
  await store.consumers.save('acme', consumer, failing, false)
  await harness.run(55)
  t.strictSame(server.mails, [])
  await harness.run(15)
  t.match(textOf(server.mails[0]!), /växeln tar inte emot hänvisningar/)
  t.notOk(server.mails[0]!.raw.includes('kanarie'), 'nothing of what the far side said')
  const active: ConsumerProgress = {
    ...failing,
    state: 'active',
    failures: 0,
    failingSince: null,
    error: null
  }
  await store.consumers.saveProgress('acme', 'pbx', 'v1', { progress: active, deliveries: [], removed: [] })
  await harness.run(20)
  t.equal(server.mails.length, 2)
  await store.consumers.save('acme', { ...consumer, pausedAt: harness.now() - 2 * MINUTE }, failing, false)
  await harness.run(70)
  t.equal(server.mails.length, 2, 'one that was paused is left alone')
})
