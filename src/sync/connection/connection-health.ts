/** The health of one tenant's connection as a whole: its faults affect every calendar that is read over it. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { RemoteError, RemoteFault } from '../../errors.ts'
import type { Timers } from '../../lib/timers.ts'
import { type NotificationsState, noNotifications } from '../notifications/target-subscriptions.ts'
import type { Delay } from '../queue/queue.ts'
import { retryDelay } from '../queue/retry-policy.ts'

export const connectionStates = ['absent', 'untried', 'working', 'failing'] as const

/** Plain JSON: workers publish it for other processes. */
export interface ConnectionState {
  /** `absent`: there is none. `untried`: nothing was read over it since it was opened. */
  readonly state: (typeof connectionStates)[number]
  /** When that state began. */
  readonly since: Instant
  readonly fault: RemoteFault | null
  /** When it is tried again after a failure. */
  readonly nextReadAt: Instant | null
  readonly notifications: NotificationsState
}

/** What a tenant has that has no connection. */
export function absentConnection(since: Instant): ConnectionState {
  return { state: 'absent', since, fault: null, nextReadAt: null, notifications: noNotifications }
}

/** `changedAt` identifies the version of the connection. Null: there is none. */
export interface PublishedStatus {
  readonly state: ConnectionState
  readonly changedAt: Instant | null
}

export interface ConnectionHealthDeps {
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly notifications: () => NotificationsState
  /** Called with every new state, though not more often than once in a second. */
  readonly onPublish: (state: ConnectionState) => void
}

const publishIntervalMs = 1_000

export class ConnectionHealth {
  readonly #deps: ConnectionHealthDeps
  #state: ConnectionState['state'] = 'absent'
  #since: Instant
  #fault: RemoteFault | null = null
  #failures = 0
  #failedAt: Instant | null = null
  #pausedUntil = Number.NEGATIVE_INFINITY
  #pauseSource: Delay['source'] = 'own'
  #publishedAt = Number.NEGATIVE_INFINITY
  #cancelPublish: (() => void) | null = null
  #closed = false

  constructor(deps: ConnectionHealthDeps) {
    this.#deps = deps
    this.#since = deps.clock()
  }

  get state(): ConnectionState {
    const fault = this.#fault
    const leftMs = this.#pausedUntil - this.#deps.timers.now()
    return {
      state: this.#state,
      since: this.#since,
      fault,
      nextReadAt: fault !== null && leftMs > 0 ? Math.ceil(this.#deps.clock() + leftMs) : null,
      notifications: this.#deps.notifications()
    }
  }

  /** What keeps everybody from being read at present. */
  get fault(): RemoteFault | null {
    return this.#fault
  }

  /** When the last failure was; null: none since it worked. */
  get failedAt(): Instant | null {
    return this.#failedAt
  }

  /** Milliseconds until it is tried again; 0 where nothing is waited for. */
  get pausedForMs(): number {
    return Math.max(0, this.#pausedUntil - this.#deps.timers.now())
  }

  onOpened(): void {
    this.#setState('untried', null)
  }

  onClosed(): void {
    this.#setState('absent', null)
  }

  /** Says whether it failed before. */
  recordSuccess(): boolean {
    const failedBefore = this.#state === 'failing'
    this.#setState('working', null)
    return failedBefore
  }

  /** How long to stay away; says whether it is another fault than before. */
  recordFailure(error: RemoteError): { readonly pause: Delay; readonly isNew: boolean } {
    const now = this.#deps.timers.now()
    // Batches that ran together failed once.
    if (this.#pausedUntil <= now) this.#failures += 1
    const isNew = this.#fault?.code !== error.code || this.#fault.hint !== error.hint
    const pause = retryDelay(error, this.#failures, this.#deps.random())
    this.#failedAt = this.#deps.clock()
    this.#setState('failing', { code: error.code, hint: error.hint })
    if (now + pause.delayMs > this.#pausedUntil) {
      this.#pausedUntil = now + pause.delayMs
      this.#pauseSource = pause.source
    }
    return { pause, isNew }
  }

  /** The pause ends, unless the server asked for it. */
  endOwnPause(): void {
    if (this.#pauseSource === 'own') this.#pausedUntil = this.#deps.timers.now()
    this.publish()
  }

  /** Publishes the state again, soon. */
  publish(): void {
    if (this.#closed || this.#cancelPublish !== null) return
    const { timers, onPublish } = this.#deps
    const waitMs = Math.max(0, this.#publishedAt + publishIntervalMs - timers.now())
    this.#cancelPublish = timers.after(waitMs, () => {
      this.#cancelPublish = null
      this.#publishedAt = timers.now()
      onPublish(this.state)
    })
  }

  close(): void {
    this.#closed = true
    this.#cancelPublish?.()
  }

  #setState(next: ConnectionState['state'], fault: RemoteFault | null): void {
    // That it goes on working is not published.
    if (next !== 'working' || this.#state !== 'working') this.publish()
    if (next !== this.#state) this.#since = this.#deps.clock()
    this.#state = next
    this.#fault = fault
    if (next === 'failing') return
    this.#failures = 0
    this.#failedAt = null
    this.#pausedUntil = Number.NEGATIVE_INFINITY
  }
}
