/** Runs the batches of one tenant over its connector, and separates faults of one mailbox from faults of the connection. */
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import { TenantGone } from '../../storage/store.ts'
import type { ConnectionHealth } from '../connection/connection-health.ts'
import type { ConnectorLeases } from '../connection/connector-leases.ts'
import type { BatchResult, Delay } from '../queue/queue.ts'
import type { BatchContext, BatchReport } from './batch-context.ts'
import { staleAfterMs } from './build-outcome.ts'
import { runBatch } from './sync-batch.ts'

export interface BatchRunnerDeps {
  readonly log: Log
  readonly leases: ConnectorLeases
  readonly health: ConnectionHealth
  /** The tenant as it is now. */
  readonly context: () => Omit<BatchContext, 'connector'>
  /** Saves a failure of users whose calendars were not asked for. */
  readonly saveFailures: (users: readonly string[], error: RemoteError) => Promise<void>
}

/** After the store failed. */
const storeFailedDelay: Delay = { delayMs: 5_000, source: 'own' }
const nothing: BatchResult = { tenant: null, targets: new Map() }

export class BatchRunner {
  readonly #tenant: string
  readonly #deps: BatchRunnerDeps
  /** Targets of the batches that timed out since the last answer to any batch. */
  #timedOut: Set<string> | null = null

  constructor(tenant: string, deps: BatchRunnerDeps) {
    this.#tenant = tenant
    this.#deps = deps
  }

  async run(keys: readonly string[], signal: AbortSignal): Promise<BatchResult> {
    const { log, leases, context } = this.#deps
    try {
      const report = await leases.use((connector) => runBatch({ ...context(), connector }, keys, signal))
      if (report === null || report.outcome === 'nothing') return nothing
      return await this.#judge(report, keys)
    } catch (error) {
      if (error instanceof TenantGone) return nothing
      log.warn(
        { tenant: this.#tenant, ...redactError(error) },
        'a batch could not be saved; it is read again'
      )
      return { tenant: storeFailedDelay, targets: new Map() }
    }
  }

  async #judge(report: BatchReport, keys: readonly string[]): Promise<BatchResult> {
    const { connectionFault, outcome, retries } = report
    if (connectionFault !== null) return this.#failConnection(connectionFault, keys, retries)
    if (outcome === 'timedOut') return this.#judgeTimeout(keys, retries)
    this.#timedOut = null
    if (this.#deps.health.recordSuccess()) {
      this.#deps.log.info({ tenant: this.#tenant }, 'the connection works again')
    }
    return { tenant: null, targets: retries }
  }

  /**
   * One mailbox that hangs delays no other. If several hang without an answer between, the calendar system hangs. With a single
   * target the two cannot be distinguished, so the connection counts as failed.
   */
  async #judgeTimeout(keys: readonly string[], retries: BatchResult['targets']): Promise<BatchResult> {
    this.#timedOut ??= new Set()
    for (const key of keys) this.#timedOut.add(key)
    const targets = this.#deps.context().targets.keys().length
    if (this.#timedOut.size === 1 && targets > 1) return { tenant: null, targets: retries }
    return this.#failConnection(hanging, keys, retries)
  }

  /** What one batch met holds for all: the others wait. */
  async #failConnection(
    error: RemoteError,
    keys: readonly string[],
    retries: BatchResult['targets']
  ): Promise<BatchResult> {
    const { health, log, context, saveFailures } = this.#deps
    const { pause, isNew } = health.recordFailure(error)
    if (isNew) {
      log.warn({ tenant: this.#tenant, code: error.code, hint: error.hint }, 'the connection fails')
    }
    const { pollMs, targets } = context()
    const isShort = error.code === 'throttled' && pause.delayMs < staleAfterMs(pollMs) / 2
    if (!isShort) {
      const asked = new Set(keys.flatMap((key) => [...(targets.get(key)?.users ?? [])]))
      await saveFailures(
        [...targets.users()].filter((user) => !asked.has(user)),
        error
      )
    }
    return { tenant: pause, targets: retries }
  }
}

const hanging = new RemoteError(
  'unreachable',
  'The calendar system accepts calls and answers none before the deadline: check whether it is overloaded or hangs.',
  { scope: 'connection' }
)
