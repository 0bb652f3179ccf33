/** The batches of one tenant: each is read over the present connector, and what hits one may concern all. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import { TenantGone } from '../../storage/store.ts'
import type { ConnectionHealth } from '../connection/connection-health.ts'
import type { ConnectorLeases } from '../connection/connector-leases.ts'
import type { BatchResult, Delay } from '../queue/queue.ts'
import { type BatchContext, runBatch } from './sync-batch.ts'

/** After the store failed. */
const storePause: Delay = { delayMs: 5_000, source: 'us' }

export function createBatchRunner(
  tenant: string,
  links: ConnectorLeases,
  health: ConnectionHealth,
  needs: {
    readonly log: Log
    readonly clock: () => Instant
    /** The tenant as it is now. */
    readonly scene: () => Omit<BatchContext, 'connector'>
    readonly mark: (users: readonly string[], error: RemoteError) => Promise<void>
  }
): (keys: readonly string[], signal: AbortSignal) => Promise<BatchResult> {
  const { log } = needs

  return async (keys, signal) => {
    const nothing = { tenant: null, targets: new Map() }
    try {
      const report = await links.use((connector) => runBatch({ ...needs.scene(), connector }, keys, signal))
      if (report === null || report.connectionOutcome === 'nothing') return nothing
      if (report.connectionFault !== null) return await troubled(report.connectionFault, keys, report.retries)
      // Who says nothing at all is asked by one batch at a time, and by the next as soon as it may.
      if (report.connectionOutcome === 'silent')
        return { tenant: { delayMs: 0, source: 'us' }, targets: report.retries }
      if (health.recordSuccess()) log.info({ tenant }, 'the connection works again')
      return { tenant: null, targets: report.retries }
    } catch (error) {
      if (error instanceof TenantGone) return nothing
      log.warn({ tenant, ...redactError(error) }, 'a batch could not be saved; it is read again')
      return { tenant: storePause, targets: new Map() }
    }
  }

  /** One batch was told what holds for all: the others are not sent to hear the same. */
  async function troubled(
    error: RemoteError,
    keys: readonly string[],
    again: BatchResult['targets']
  ): Promise<BatchResult> {
    const { pause, news } = health.recordFailure(error)
    if (news) log.warn({ tenant, code: error.code, hint: error.hint }, 'the connection fails')
    const { staleAfter, targets } = needs.scene()
    const passing = error.code === 'throttled' && pause.delayMs < staleAfter / 2
    if (!passing) {
      const told = new Set(keys.flatMap((key) => [...(targets.get(key)?.users ?? [])]))
      await needs.mark(
        [...targets.users()].filter((user) => !told.has(user)),
        error
      )
    }
    return { tenant: pause, targets: again }
  }
}
