/** Ends entries of the audit when their time is over, once a day, and says in the log where each chain stands. */
import type { Log } from '../../lib/redact-error.ts'
import { redactError } from '../../lib/redact-error.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import { type After, machineTimers } from '../../lib/timers.ts'
import { eachPage } from '../../storage/page.ts'
import type { Store } from '../../storage/store.ts'

const DAY_MS = 86_400_000
/** After the start, when there is other work. */
const FIRST_AFTER_MS = 10 * 60_000
/** Entries removed in one step: a few milliseconds. */
const ENTRIES_PER_STEP = 200
const TENANTS_PER_PAGE = 200

export interface AuditRetentionDeps {
  readonly store: Pick<Store, 'audit' | 'tenants'>
  readonly days: number
  readonly clock: () => number
  readonly log: Log
  readonly after?: After
}

export class AuditRetention {
  readonly #deps: AuditRetentionDeps
  readonly #after: After
  /** By tenant, '' for the provider: the position that the log was told of. */
  readonly #told = new Map<string, number>()
  #cancel: () => void
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(deps: AuditRetentionDeps) {
    this.#deps = deps
    this.#after = deps.after ?? machineTimers.after
    this.#cancel = this.#after(FIRST_AFTER_MS, () => void this.#runDaily())
  }

  async #runDaily(): Promise<void> {
    this.#running = this.run().catch((error) => {
      this.#deps.log.warn(
        { error: redactError(error) },
        'entries of the audit could not be ended: tomorrow again'
      )
    })
    await this.#running
    if (!this.#isClosed) this.#cancel = this.#after(DAY_MS, () => void this.#runDaily())
  }

  /** Ends what is older, in every tenant and of the provider. */
  async run(): Promise<void> {
    await this.#trim(null)
    for await (const tenants of eachPage(TENANTS_PER_PAGE, (page) => this.#deps.store.tenants(page))) {
      for (const { id } of tenants) {
        if (this.#isClosed) return
        await this.#trim(id)
      }
    }
  }

  async #trim(tenant: string | null): Promise<void> {
    const { store, days, clock, log } = this.#deps
    const before = clock() - days * DAY_MS
    while ((await store.audit.trim(tenant, before, ENTRIES_PER_STEP)) === ENTRIES_PER_STEP) await nextSlice()
    const { position, hash } = await store.audit.head(tenant)
    if (position === 0 || this.#told.get(tenant ?? '') === position) return
    // Kept where the store is not, it shows a chain that was written anew, or cut off at its end.
    log.info({ tenant, position, hash }, 'the audit stands here')
    this.#told.set(tenant ?? '', position)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#running
  }
}
