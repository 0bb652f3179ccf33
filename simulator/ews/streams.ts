/** Open streams: what each receives, how often it gets a heartbeat, and how it breaks on request. */
import { type Candidate, isSelected, type Selection } from '../seeded-random.ts'
import type { MailboxEvent, SimulatedSubscription, StreamListener } from './subscription.ts'

/**
 * How documents go over the wire: one in a write; several in one; each in many, split within characters too; or
 * several at once split anywhere.
 */
export const chunkings = ['documents', 'joined', 'split', 'mixed'] as const
export type Chunking = (typeof chunkings)[number]

export interface StreamSettings {
  /** Milliseconds between signs of life. */
  readonly heartbeat: number
  /** Milliseconds that a minute of ConnectionTimeout lasts. */
  readonly minute: number
  readonly chunks: Chunking
  /** Decides where documents are split. */
  readonly seed: number
  /**
   * Whether the reply ends after `Closed`. connectionstatus.md says that the connection is closed, and not who hangs up: some
   * servers leave it open until the client goes.
   */
  readonly hangsUp: boolean
}

/**
 * `close` with a last word; `cut` in the middle of a document; `reset` between two; `silence`: it stays open, nothing
 * comes any more, and what happens is lost.
 */
export const breaks = ['close', 'cut', 'reset', 'silence'] as const
export type Break = (typeof breaks)[number]

export type StreamUpdate =
  | { readonly kind: 'happened'; readonly happened: readonly MailboxEvent[] }
  | { readonly kind: 'heartbeat' }
  /** Ids that died; `over` when no other is left. */
  | { readonly kind: 'dead'; readonly ids: readonly string[]; readonly over: boolean }
  | { readonly kind: 'broken'; readonly how: 'cut' | 'reset' }

const usual: StreamSettings = {
  heartbeat: 30_000,
  minute: 60_000,
  chunks: 'documents',
  seed: 1,
  hangsUp: true
}
/** Events of one subscription in one notification. */
const mostAtOnce = 50

export class OpenStreams {
  #settings = usual
  readonly #open = new Set<Stream>()
  readonly #byBudget = new Map<string, number>()
  readonly #left: (subscription: SimulatedSubscription) => void

  /** Is called with each subscription that nobody listens to any more. */
  constructor(left: (subscription: SimulatedSubscription) => void) {
    this.#left = left
  }

  get settings(): StreamSettings {
    return this.#settings
  }

  /** What is not given stays; streams that are open take it up with their next sign of life. */
  configure(changed: Partial<StreamSettings>): StreamSettings {
    this.#settings = { ...this.#settings, ...changed }
    return this.#settings
  }

  reset(): void {
    this.#settings = usual
  }

  get count(): number {
    return this.#open.size
  }

  /** There are as many as may be. */
  full(budget: string, most: number): boolean {
    return (this.#byBudget.get(budget) ?? 0) >= most
  }

  /** A stream begins. Whoever enters must leave. */
  enter(budget: string): void {
    this.#byBudget.set(budget, (this.#byBudget.get(budget) ?? 0) + 1)
  }

  leave(budget: string): void {
    const present = (this.#byBudget.get(budget) ?? 1) - 1
    if (present === 0) this.#byBudget.delete(budget)
    else this.#byBudget.set(budget, present)
  }

  /** Those with a subscription that fits. Says how many. */
  end(how: Break, which: Selection = {}): number {
    const found = [...this.#open].filter((stream) => stream.fits(which))
    for (const stream of found) stream.break(how)
    return found.length
  }

  /** What happens, as it happens. Ends with the minutes, by order, or with the client. */
  async *listen(
    subscriptions: readonly SimulatedSubscription[],
    minutes: number,
    gone: AbortSignal
  ): AsyncGenerator<StreamUpdate, void> {
    const stream = new Stream(subscriptions, () => this.#settings.heartbeat)
    this.#open.add(stream)
    const leave = () => stream.leave()
    gone.addEventListener('abort', leave, { once: true })
    if (gone.aborted) leave()
    try {
      yield* stream.updates(Date.now() + minutes * this.#settings.minute)
    } finally {
      gone.removeEventListener('abort', leave)
      this.#open.delete(stream)
      for (const each of stream.close()) this.#left(each)
    }
  }
}

class Stream implements StreamListener {
  readonly #subscriptions: Set<SimulatedSubscription>
  readonly #heartbeat: () => number
  /** Something waits in these. */
  readonly #ready = new Set<SimulatedSubscription>()
  readonly #dead: string[] = []
  #end: Break | 'left' | null = null
  #wake: () => void = () => {}

  constructor(subscriptions: readonly SimulatedSubscription[], heartbeat: () => number) {
    this.#subscriptions = new Set(subscriptions)
    this.#heartbeat = heartbeat
    for (const each of subscriptions) {
      each.listeners.add(this)
      if (each.waiting.length > 0) this.#ready.add(each)
    }
  }

  onEvent(subscription: SimulatedSubscription): void {
    this.#ready.add(subscription)
    this.#wake()
  }

  onSubscriptionDropped(subscription: SimulatedSubscription): void {
    this.#subscriptions.delete(subscription)
    this.#ready.delete(subscription)
    subscription.listeners.delete(this)
    this.#dead.push(subscription.id)
    this.#wake()
  }

  break(how: Break): void {
    this.#end = how
    this.#wake()
  }

  leave(): void {
    this.#end = 'left'
    this.#wake()
  }

  /** By any of its mailboxes; chance goes by the first. */
  fits({ tenant, mailbox, ...rest }: Selection): boolean {
    const names = {
      ...(tenant === undefined ? {} : { tenant }),
      ...(mailbox === undefined ? {} : { mailbox })
    }
    const held = [...this.#subscriptions].map(candidateOf)
    return held.some((each) => isSelected(names, each)) && held[0] !== undefined && isSelected(rest, held[0])
  }

  /** Those that nobody listens to any more. */
  close(): SimulatedSubscription[] {
    for (const each of this.#subscriptions) each.listeners.delete(this)
    return [...this.#subscriptions].filter(({ listeners }) => listeners.size === 0)
  }

  async *updates(over: number): AsyncGenerator<StreamUpdate, void> {
    for (;;) {
      if (this.#end === 'left') return
      const happened = this.#take()
      if (this.#end === 'silence') {
        this.#dead.length = 0
        await this.#rung(null)
        continue
      }
      if (happened.length > 0) yield { kind: 'happened', happened }
      if (this.#dead.length > 0) {
        const last = this.#subscriptions.size === 0
        yield { kind: 'dead', ids: this.#dead.splice(0), over: last }
        if (last) return
      }
      if (this.#end === 'cut' || this.#end === 'reset') yield { kind: 'broken', how: this.#end }
      if (this.#end !== null) return
      if (this.#ready.size > 0) continue
      const left = over - Date.now()
      if (left <= 0) return
      const heartbeat = this.#heartbeat()
      const rung = await this.#rung(Math.min(heartbeat, left))
      if (!rung && heartbeat < left) yield { kind: 'heartbeat' }
    }
  }

  #take(): MailboxEvent[] {
    const happened: MailboxEvent[] = []
    for (const each of this.#ready) {
      happened.push(...each.waiting.splice(0, mostAtOnce))
      if (each.waiting.length === 0) this.#ready.delete(each)
    }
    return happened
  }

  /** False when the milliseconds passed before anything happened. */
  #rung(milliseconds: number | null): Promise<boolean> {
    if (this.#ready.size > 0 || this.#dead.length > 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = milliseconds === null ? undefined : setTimeout(() => resolve(false), milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}

function candidateOf({ mailbox: { tenant, address } }: SimulatedSubscription): Candidate {
  return { tenant, address: address.toLowerCase(), id: `${tenant} ${address}` }
}
