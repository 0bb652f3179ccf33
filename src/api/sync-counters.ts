/** Counters of what sync finds out by itself: edits that nobody notified, and mailboxes that moved. */
import { Counter, type Registry } from 'prom-client'
import type { SyncMetrics } from '../sync/batch/batch-context.ts'

export type SyncFindings = Pick<SyncMetrics, 'countMissedNotification' | 'countMailboxMove'>

export function createSyncCounters(registers: Registry[]): SyncFindings {
  const missedNotifications = new Counter({
    name: 'hanvisa_missed_notifications_total',
    help: 'Edits that a reconciliation found and no notification had announced',
    labelNames: ['connector'],
    registers
  })
  const moves = new Counter({
    name: 'hanvisa_mailbox_moves_total',
    help: 'Mailboxes that were found at another connection of their tenant',
    registers
  })
  return {
    countMissedNotification: (connector) => missedNotifications.inc({ connector }),
    countMailboxMove: () => moves.inc()
  }
}
