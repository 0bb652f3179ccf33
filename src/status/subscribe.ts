/**
 * The port that server-sent events, webhooks and every consumer stand on: a cursor goes in, batches of statuses with the next cursor
 * come out. A batch holds each user once, as they are when it is made; who takes batches slowly gets fewer and larger ones, and
 * nothing waits for them in memory. Any replica goes on from the cursor of any other.
 */
import { RequestError } from '../errors.ts'
import type { Changes } from './changes.ts'
import type { Cursor } from './cursor.ts'
import { requireCursor } from './cursor.ts'
import { SharedWait } from './shared-wait.ts'
import type { StatusService } from './status-service.ts'
import { type StatusFormat, tenantFormat } from './view-moment.ts'

export interface SubscribeOptions {
  readonly tenant: string
  /** Null: the first batch is everybody. */
  readonly cursor: Cursor | null
  readonly format?: StatusFormat
  /** Ends the subscription. */
  readonly signal: AbortSignal
}

/** Ends when its signal is aborted, or the process is about to end. */
export type Batches = AsyncIterableIterator<Changes>

export interface StatusFeeds {
  /**
   * Resolves once the cursor is known to be good. The first batch comes at once, and may be empty; of the others, those that are
   * empty carry a newer cursor. Rejects, and its batches do, with RequestError `not_found` or `cursor_expired` (then everybody must
   * be read again), and with StoreUnavailable.
   */
  subscribe(options: SubscribeOptions): Promise<Batches>
}

export class TenantFeeds implements StatusFeeds {
  readonly #statusService: StatusService
  readonly #waits = new Map<string, { readonly wait: SharedWait; subscriptions: number }>()

  constructor(statusService: StatusService) {
    this.#statusService = statusService
  }

  async subscribe({ tenant, cursor, format = tenantFormat, signal }: SubscribeOptions): Promise<Batches> {
    const first = await this.#firstBatch(tenant, cursor, format)
    return this.#follow(first, { tenant, format, signal })
  }

  async #firstBatch(tenant: string, cursor: Cursor | null, format: StatusFormat): Promise<Changes> {
    const signal = AbortSignal.abort()
    const first =
      cursor === null
        ? await this.#statusService.view(tenant).then((view) => view?.everybody(format) ?? null)
        : await this.#statusService.changes(tenant, cursor, { waitMs: 0, signal, format })
    if (first === null) throw new RequestError('not_found', `There is no tenant "${tenant}".`)
    return first
  }

  async *#follow(
    first: Changes,
    { tenant, format, signal }: Omit<Required<SubscribeOptions>, 'cursor'>
  ): AsyncGenerator<Changes> {
    const { by, language, audience } = format
    const key = JSON.stringify([tenant, by, language, audience.sensitive, audience.unmaskedUser])
    const deps = { statusService: this.#statusService, tenant, format }
    const shared = this.#waits.get(key) ?? { wait: new SharedWait(deps), subscriptions: 0 }
    this.#waits.set(key, shared)
    shared.subscriptions++
    try {
      yield first
      for (let { cursor } = first; ; ) {
        const next = await shared.wait.next(requireCursor(cursor), signal)
        if (next === null || this.#statusService.isReleasing) return
        yield next
        cursor = next.cursor
      }
    } finally {
      if (--shared.subscriptions === 0) this.#waits.delete(key)
    }
  }
}
