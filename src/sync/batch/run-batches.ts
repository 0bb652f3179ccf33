/** The batches of one tenant: each is read over the present connector, and what hits one may concern all. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { RemoteError } from '../../errors.ts'
import { type Log, wordless } from '../../lib/redact-error.ts'
import { TenantGone } from '../../storage/store.ts'
import type { Health } from '../connection/connection-health.ts'
import type { Links } from '../connection/connector-lease.ts'
import type { Pause, Verdict } from '../queue/queue.ts'
import { readBatch, type Scene } from './sync-batch.ts'

/** After the store failed. */
const storePause: Pause = { milliseconds: 5_000, by: 'us' }

export function batchesOf(
  tenant: string,
  links: Links,
  health: Health,
  needs: {
    readonly log: Log
    readonly clock: () => Instant
    /** The tenant as it is now. */
    readonly scene: () => Omit<Scene, 'connector'>
    readonly mark: (users: readonly string[], error: RemoteError) => Promise<void>
  }
): (keys: readonly string[], signal: AbortSignal) => Promise<Verdict> {
  const { log } = needs

  return async (keys, signal) => {
    const nothing = { tenant: null, targets: new Map() }
    try {
      const report = await links.use((connector) => readBatch({ ...needs.scene(), connector }, keys, signal))
      if (report === null || report.far === 'nothing') return nothing
      if (report.trouble !== null) return await troubled(report.trouble, keys, report.again)
      // Who says nothing at all is asked by one batch at a time, and by the next as soon as it may.
      if (report.far === 'silent') return { tenant: { milliseconds: 0, by: 'us' }, targets: report.again }
      if (health.answered()) log.info({ tenant }, 'the connection works again')
      return { tenant: null, targets: report.again }
    } catch (error) {
      if (error instanceof TenantGone) return nothing
      log.warn({ tenant, ...wordless(error) }, 'a batch could not be saved; it is read again')
      return { tenant: storePause, targets: new Map() }
    }
  }

  /** One batch was told what holds for all: the others are not sent to hear the same. */
  async function troubled(
    error: RemoteError,
    keys: readonly string[],
    again: Verdict['targets']
  ): Promise<Verdict> {
    const { pause, news } = health.failed(error)
    if (news) log.warn({ tenant, code: error.code, hint: error.hint }, 'the connection fails')
    const { staleAfter, targets } = needs.scene()
    const passing = error.code === 'throttled' && pause.milliseconds < staleAfter / 2
    if (!passing) {
      const told = new Set(keys.flatMap((key) => [...(targets.entry(key)?.users ?? [])]))
      await needs.mark(
        [...targets.users()].filter((user) => !told.has(user)),
        error
      )
    }
    return { tenant: pause, targets: again }
  }
}
