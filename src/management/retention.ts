/**
 * Ends once a day what has been kept for as long as the installation says: entries of the audit, entries of change logs, and of
 * users' records what is over. It says in the log where each chain of the audit stands.
 */
import type { Log } from '../lib/redact-error.ts'
import { redactError } from '../lib/redact-error.ts'
import { nextSlice } from '../lib/time-slices.ts'
import { type After, machineTimers } from '../lib/timers.ts'
import { eachPage } from '../storage/page.ts'
import { type Store, TenantGone } from '../storage/store.ts'

const DAY_MS = 86_400_000
/** After the start, when there is other work. */
const FIRST_AFTER_MS = 10 * 60_000
/** Entries of the audit removed in one step: a few milliseconds. */
const ENTRIES_PER_STEP = 200
const USERS_PER_STEP = 100
const TENANTS_PER_PAGE = 200

export interface RetentionDeps {
  readonly store: Pick<Store, 'audit' | 'tenants' | 'users' | 'trimHistory'>
  /** Of the audit. That of the rest is `Store.historyMs`. */
  readonly auditDays: number
  readonly clock: () => number
  readonly log: Log
  readonly after?: After
}

export class Retention {
  readonly #deps: RetentionDeps
  readonly #after: After
  /** By tenant, '' for the provider: the position of the audit that the log names. */
  readonly #logged = new Map<string, number>()
  #cancel: () => void
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(deps: RetentionDeps) {
    this.#deps = deps
    this.#after = deps.after ?? machineTimers.after
    this.#cancel = this.#after(FIRST_AFTER_MS, () => void this.#runDaily())
  }

  async #runDaily(): Promise<void> {
    this.#running = this.run().catch((error) => {
      this.#deps.log.warn(
        { error: redactError(error) },
        'what is older than the settings allow could not be removed: tomorrow again'
      )
    })
    await this.#running
    if (!this.#isClosed) this.#cancel = this.#after(DAY_MS, () => void this.#runDaily())
  }

  /** Ends what is older, in every tenant and of the provider. */
  async run(): Promise<void> {
    await this.#trimAudit(null)
    for await (const tenants of eachPage(TENANTS_PER_PAGE, (page) => this.#deps.store.tenants(page))) {
      for (const { id } of tenants) {
        if (this.#isClosed) return
        await this.#trimAudit(id)
        await this.#trimHistory(id).catch((error) => {
          if (!(error instanceof TenantGone)) throw error
        })
      }
    }
  }

  async #trimAudit(tenant: string | null): Promise<void> {
    const { store, auditDays, clock, log } = this.#deps
    const before = clock() - auditDays * DAY_MS
    while ((await store.audit.trim(tenant, before, ENTRIES_PER_STEP)) === ENTRIES_PER_STEP) await nextSlice()
    const { position, hash } = await store.audit.head(tenant)
    if (position === 0 || this.#logged.get(tenant ?? '') === position) return
    // Kept where the store is not, it shows a chain that was written anew, or cut off at its end.
    log.info({ tenant, position, hash }, 'the audit stands here')
    this.#logged.set(tenant ?? '', position)
  }

  async #trimHistory(tenant: string): Promise<void> {
    const { store, clock } = this.#deps
    for await (const users of eachPage(USERS_PER_STEP, (page) => store.users(tenant, page))) {
      if (this.#isClosed) return
      await store.trimHistory(
        tenant,
        users.map(({ id }) => id),
        clock()
      )
      await nextSlice()
    }
    while (!this.#isClosed && (await store.trimHistory(tenant, [], clock()))) await nextSlice()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#running
  }
}
