/** Saves what an import changes: in batches that hold whole or not at all, with its progress beside them. */
import { randomUUID } from 'node:crypto'
import { RequestError } from '../errors.ts'
import { nextSlice } from '../lib/time-slices.ts'
import type { ImportProgress } from '../storage/import-progress.ts'
import { retryWhileUnavailable } from '../storage/retry-while-unavailable.ts'
import { type Store, StoreUnavailable, TenantGone } from '../storage/store.ts'
import { diffUser } from './diff-user.ts'
import type { ManagementDeps } from './management-deps.ts'
import type { UserFields } from './user-fields.ts'

/** Rows in one write: below 10 ms of this process, and of Redis. */
const ROWS_PER_BATCH = 200
const PROGRESS_INTERVAL_MS = 1_000
/** If the store is unreachable for longer, the import ends and the error says how many changes are saved. */
const RETRY = { firstMs: 200, maxMs: 5_000 }

export interface ImportedRow {
  /** The header is row 1; null for a user who is not in the file. */
  readonly row: number | null
  readonly user: string
  readonly action: 'created' | 'updated' | 'unchanged' | 'removed'
}

export interface PlannedRow extends ImportedRow {
  readonly fields: UserFields | null
}

export class ImportRun {
  readonly #deps: ManagementDeps
  readonly #tenant: string
  #progress: ImportProgress
  /** Changes to save, and those that are saved. */
  #changes = 0
  #saved = 0

  constructor(
    deps: ManagementDeps,
    tenant: string,
    mode: ImportProgress['mode'],
    counts: Readonly<Record<ImportedRow['action'], number>>
  ) {
    this.#deps = deps
    this.#tenant = tenant
    const { created, updated, unchanged, removed } = counts
    const total = created + updated + unchanged + removed
    const startedAt = deps.clock()
    const times = { startedAt, updatedAt: startedAt }
    this.#progress = {
      id: randomUUID(),
      state: 'running',
      mode,
      ...times,
      total,
      saved: unchanged,
      ...counts
    }
  }

  /**
   * Each row is compared once more with what is stored by then. Throws ImportInterrupted when the store stays away, and a
   * RequestError when a later import of the tenant began.
   */
  async run(planned: readonly PlannedRow[]): Promise<void> {
    const changes = planned.filter(({ action }) => action !== 'unchanged')
    this.#changes = changes.length
    try {
      await this.#withRetries(0, () => this.#begin())
      for (let from = 0; from < changes.length; from += ROWS_PER_BATCH) {
        const batch = changes.slice(from, from + ROWS_PER_BATCH)
        await nextSlice()
        await this.#withRetries(batch.length, () => this.#saveBatch(batch))
      }
      await this.#withRetries(0, () => this.#saveEnd('done'))
    } catch (error) {
      // Where the store is away this fails too: then the progress grows old, which says the same.
      await this.#saveEnd('interrupted').catch(() => {})
      throw error
    }
  }

  /** Under the lock: an earlier import may be about to save how far it is. */
  #begin(): Promise<void> {
    return this.#deps.store.withTenantLock(this.#tenant, (store) => this.#saveProgress(store))
  }

  #saveBatch(batch: readonly PlannedRow[]): Promise<void> {
    const { store, clock } = this.#deps
    return store.withTenantLock(this.#tenant, async (store) => {
      if (!(await this.#isNewest(store))) throw this.#superseded()
      await saveChanges(this.#deps, store, this.#tenant, batch)
      this.#saved += batch.length
      if (clock() - this.#progress.updatedAt >= PROGRESS_INTERVAL_MS) await this.#saveProgress(store)
    })
  }

  #saveEnd(state: 'done' | 'interrupted'): Promise<void> {
    return this.#deps.store.withTenantLock(this.#tenant, async (store) => {
      this.#progress = { ...this.#progress, state }
      if (await this.#isNewest(store)) await this.#saveProgress(store)
    })
  }

  /** Whether no later import of the tenant began. */
  async #isNewest(store: Store): Promise<boolean> {
    const newest = await store.importProgress(this.#tenant)
    if (newest === null) throw new TenantGone(`The tenant "${this.#tenant}" was removed during the import.`)
    return newest.id === this.#progress.id
  }

  async #saveProgress(store: Store): Promise<void> {
    const saved = this.#progress.unchanged + this.#saved
    this.#progress = { ...this.#progress, saved, updatedAt: this.#deps.clock() }
    await store.saveImportProgress(this.#tenant, this.#progress)
  }

  /** A batch may have been saved although the store did not answer: saving it again changes nothing. */
  async #withRetries(unsure: number, save: () => Promise<void>): Promise<void> {
    const saved = this.#saved
    try {
      await retryWhileUnavailable(RETRY, () => {
        this.#saved = saved
        return save()
      })
    } catch (error) {
      this.#saved = saved
      if (!(error instanceof StoreUnavailable)) throw error
      throw new ImportInterrupted(error, this.#tenant, this.#changes, saved, unsure)
    }
  }

  #superseded(): RequestError {
    return new RequestError(
      'import_superseded',
      `A later import of this tenant began when ${this.#saved} of the ${this.#changes} changes of this one were saved; the rest ` +
        `is not. GET /v1/tenants/${this.#tenant}/import says how far the later one is.`
    )
  }
}

async function saveChanges(
  { masterKeys, clock }: ManagementDeps,
  store: Store,
  tenant: string,
  batch: readonly PlannedRow[]
): Promise<void> {
  const at = clock()
  const removed = batch.flatMap(({ user, fields }) => (fields === null ? [user] : []))
  if (removed.length > 0) await store.removeUsers(tenant, removed, at)
  const kept = batch.filter(({ fields }) => fields !== null)
  const records = await store.records(
    tenant,
    kept.map(({ user }) => user)
  )
  const sealer = await masterKeys.sealer()
  const changes = kept.flatMap(({ user: id, fields }, index) => {
    const change = diffUser({ tenant, id, fields: fields!, sealer, at }, records[index] ?? null)
    return change === null ? [] : [change]
  })
  if (changes.length > 0) await store.saveUsers(tenant, changes, at)
}

/** The store became unreachable during the import. The message says how many changes are saved and what the caller must do. */
export class ImportInterrupted extends StoreUnavailable {
  constructor(cause: StoreUnavailable, tenant: string, changes: number, saved: number, unsure: number) {
    super(
      `The store went away during the import: of ${changes} changes ${saved} are saved, of the next ${unsure} it cannot be said, ` +
        'and the rest is not. Send the same file again: what is saved already counts as unchanged. ' +
        `GET /v1/tenants/${tenant}/import says how far it came.`,
      { cause }
    )
  }
}
