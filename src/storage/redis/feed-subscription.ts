/** One tenant that is followed in this process: what its followers heard last, and what they may have missed. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Feed } from '../store.ts'

/** Every write that is told of has the next sequence within its log's epoch; '' and 0 when there is no such tenant. */
export interface Mark {
  readonly epoch: string
  readonly sequence: number
}

/** What a write published. */
export interface Message extends Mark {
  readonly feeds: readonly Feed[]
}

export interface Following {
  /** Returns how to leave, which tells how many are left. */
  join(hear: (feed: Feed) => void): () => number
  hear(message: Message): void
  /** Redis passes messages on to us from now on. Throws when it cannot be said what was missed. */
  subscribed(): Promise<void>
  /** Messages may be missed until `subscribed`. */
  lost(): void
  /** It is known up to where followers will not hear of what was written. */
  readonly begun: Promise<void>
  settling(): Promise<void> | null
  heard(mark: Mark): Promise<void>
  /** Looks whether something was missed after all. */
  compare(): void
  /** Tells that something was: a gap, or that the tenant is gone. */
  recheck(): void
  end(): void
}

const NOBODY: Mark = { epoch: '', sequence: 0 }
const MOST_PAST = 100
/** Milliseconds that a message may take after its write was answered. */
const ON_ITS_WAY = 1000

/** `markNow` reads where the tenant stands; `patience` is how long to wait for the first subscription. */
export function following(markNow: () => Promise<Mark>, patience: number): Following {
  const followers = new Set<(feed: Feed) => void>()
  /** Asked for before anything that this process writes from now on. */
  const atFirst = markNow().catch(() => null)
  /** Up to here followers heard everything. */
  let last: Mark = NOBODY
  let known = false
  /** Held back until it is known what came before; null: nothing is. */
  let early: Message[] | null = []
  let waiting: { readonly mark: Mark; readonly go: () => void }[] = []
  /** The last that was told of, whatever came of it. */
  let told: Mark = NOBODY
  /** The logs that came before: of a tenant of this name who is gone. */
  const past = new Set<string>()
  let ended = false
  let settle = () => {}
  let settled: Promise<void> | null = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patience)
    settle = () => {
      clearTimeout(timer)
      settled = null
      resolve()
    }
  })

  function tell(feed: Feed): void {
    for (const hear of [...followers]) {
      try {
        hear(feed)
      } catch (error) {
        // A fault of the follower's: loud, but neither the write's nor the other followers'.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  const isTold = (mark: Mark) => covers(told, mark) || past.has(mark.epoch)

  function reached(mark: Mark): void {
    if (mark.epoch !== told.epoch) past.add(told.epoch)
    past.delete(mark.epoch)
    if (past.size > MOST_PAST) past.clear()
    told = mark
    const due = waiting.filter((one) => isTold(one.mark))
    waiting = waiting.filter((one) => !due.includes(one))
    for (const { go } of due) go()
  }

  function gap(now: Mark): void {
    const removed = now.epoch === '' && last.epoch !== ''
    last = now
    known = true
    tell({ kind: removed ? 'tenant removed' : 'gap' })
    reached(now)
  }

  function take(message: Message): void {
    const { epoch, sequence, feeds } = message
    if (covers(last, message)) {
      reached(message)
      return
    }
    const isNext = sequence === (epoch === last.epoch ? last.sequence : 0) + 1
    // Numbers of another epoch follow only upon none, or upon those of a tenant of that name who is gone.
    if (!isNext || (epoch !== last.epoch && last.epoch !== '')) {
      gap({ epoch, sequence })
      return
    }
    const removed = feeds.some(({ kind }) => kind === 'tenant removed')
    last = removed ? NOBODY : { epoch, sequence }
    for (const feed of feeds) tell(feed)
    reached({ epoch, sequence })
  }

  async function subscribed(): Promise<void> {
    const first = await atFirst
    const now = await markNow()
    if (ended) return
    if (!known && first !== null) last = first
    const missed = known ? early !== null : first === null
    known = true
    const held = early ?? []
    early = null
    if (missed) gap(now)
    for (const message of held) take(message)
    if (isBehind(last, now)) gap(now)
    settle()
  }

  function compare(): void {
    const seen = last
    const unchanged = () => !ended && early === null && last === seen
    if (!unchanged()) return
    void markNow()
      .then(async (now) => {
        if (!unchanged() || (covers(seen, now) && covers(now, seen))) return
        await pause(ON_ITS_WAY / 2)
        if (unchanged()) gap(now)
      })
      .catch(() => {})
  }

  function recheck(): void {
    void markNow()
      .then((now) => {
        if (!ended) gap(now)
      })
      .catch(() => {})
  }

  return {
    join(hear) {
      // A function of its own, so that one who follows twice is called twice.
      const follower = (feed: Feed) => hear(feed)
      followers.add(follower)
      return () => {
        followers.delete(follower)
        return followers.size
      }
    },
    hear(message) {
      if (early === null) take(message)
      else early.push(message)
    },
    subscribed,
    lost() {
      early ??= []
    },
    begun: atFirst.then(() => {}),
    settling: () => settled,
    async heard(mark) {
      if (ended || isTold(mark)) return
      await new Promise<void>((resolve) => {
        const one = {
          mark,
          go() {
            clearTimeout(timer)
            resolve()
          }
        }
        const timer = setTimeout(() => {
          waiting = waiting.filter((other) => other !== one)
          if (!ended) gap(mark)
          resolve()
        }, ON_ITS_WAY)
        waiting.push(one)
      })
    },
    compare,
    recheck,
    end() {
      ended = true
      settle()
      for (const { go } of waiting) go()
      waiting = []
    }
  }
}

function covers(mark: Mark, other: Mark): boolean {
  return mark.epoch === other.epoch && mark.sequence >= other.sequence
}

function isBehind(mark: Mark, now: Mark): boolean {
  return mark.epoch !== now.epoch || mark.sequence < now.sequence
}
