/** The watches of one tenant's calendars: of which of them notices tell, and why not of the others. */
import type { CalendarSubscription, Connector, LifecycleEvent } from '../../connectors/connector.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { ReadTarget } from '../targets/target-registry.ts'

export const notificationStates = ['disabled', 'live', 'partial', 'fallbackPolling'] as const

/** Plain JSON: other processes are told of it. */
export interface NotificationsState {
  /** `off`: the far side tells of no edits. `live`: of all, `partly`: of some. `polling`: it ought to, but does not. */
  readonly state: (typeof notificationStates)[number]
  /** Calendars of which notices tell, and those that are polled. */
  readonly active: number
  readonly polling: number
  /** Why calendars are polled that notices ought to tell of, as most of them have it. */
  readonly code: SyncCode | null
  readonly hint: string | null
}

export const noNotifications: NotificationsState = {
  state: 'disabled',
  active: 0,
  polling: 0,
  code: null,
  hint: null
}

/** `stop`: what the far side holds is removed. `leave`: the next connector takes it up again. */
export type ReleaseMode = 'stop' | 'leave'

export interface TargetSubscriptions {
  /** Watches a calendar from now on; returns how to end it. */
  add(target: ReadTarget): (parting: ReleaseMode) => void
  /** Whether every edit of it is told of. */
  isActive(key: string): boolean
  onLifecycleEvent(key: string, news: LifecycleEvent): void
  readonly state: NotificationsState
  /** Those that ought to be told of but are not. */
  readonly inactive: number
  close(): void
}

/** What the watches tell. */
export interface SubscriptionHandlers {
  /** The calendar was edited, or may have been. */
  onChanged(key: string): void
  /** From now on its edits are told of; those of before may not have been. */
  onActive(key: string): void
  /** `state` is another. */
  onStateChange(): void
}

interface TargetSubscription {
  readonly target: ReadTarget
  /** Null until its turn to be watched has come. */
  watch: CalendarSubscription | null
  live: boolean
  reason: RemoteError | null
  over: boolean
}

/** So many watches begin in one turn of the loop, which others share. */
const atOnce = 100
/** Milliseconds between those turns. */
const pause = 10

export function openTargetSubscriptions(
  tenant: string,
  present: () => Connector | null,
  ears: SubscriptionHandlers,
  { timers, log }: { readonly timers: Timers; readonly log: Log }
): TargetSubscriptions {
  const all = new Map<string, TargetSubscription>()
  const waiting = new Set<TargetSubscription>()
  /** Why calendars that ought to be live are not: by code, with one example. */
  const reasons = new Map<SyncCode, { readonly example: RemoteError; count: number }>()
  let live = 0
  let cancel: (() => void) | null = null

  return {
    add(target) {
      const one: TargetSubscription = { target, watch: null, live: false, reason: null, over: false }
      all.set(target.key, one)
      waiting.add(one)
      cancel ??= timers.after(0, begin)
      ears.onStateChange()
      return (parting) => end(one, parting)
    },
    isActive: (key) => all.get(key)?.live ?? false,
    onLifecycleEvent: (key, news) => all.get(key)?.watch?.onLifecycleEvent(news),
    get state(): NotificationsState {
      const polling = all.size - live
      const worst = [...reasons.values()].sort((a, b) => b.count - a.count)[0]
      if (live === 0 && worst === undefined) return { ...noNotifications, polling }
      const state = polling === 0 ? 'live' : live === 0 ? 'fallbackPolling' : 'partial'
      if (worst === undefined)
        return { state, active: live, polling, code: null, hint: polling === 0 ? null : beginning }
      return {
        state,
        active: live,
        polling,
        code: worst.example.code,
        hint: `${instead} ${worst.example.hint}`
      }
    },
    get inactive() {
      let deaf = 0
      for (const { count } of reasons.values()) deaf += count
      return deaf
    },
    close() {
      cancel?.()
      cancel = null
      waiting.clear()
    }
  }

  /** A few at a time: ten thousand of them must not keep those who read from reading. */
  function begin(): void {
    let room = atOnce
    for (const one of waiting) {
      if (room === 0) break
      room -= 1
      waiting.delete(one)
      listen(one)
    }
    cancel = waiting.size > 0 ? timers.after(pause, begin) : null
  }

  function listen(one: TargetSubscription): void {
    const { key, mailbox } = one.target
    const unlessOver = (call: () => void) => {
      if (!one.over) call()
    }
    try {
      const watch = present()?.subscribe(
        { mailbox, targetId: key },
        {
          onChange: () => unlessOver(() => ears.onChanged(key)),
          onActive: () =>
            unlessOver(() => {
              become(one, true, null)
              ears.onActive(key)
            }),
          onInactive: (reason) => unlessOver(() => become(one, false, reason))
        }
      )
      one.watch = watch ?? null
    } catch (error) {
      // A connector does not throw: this is a defect of it. The calendar is polled.
      log.error({ tenant, ...redactError(error) }, 'a watch could not be begun')
    }
  }

  function become(one: TargetSubscription, isLive: boolean, reason: RemoteError | null): void {
    live += Number(isLive) - Number(one.live)
    one.live = isLive
    if (one.reason?.code !== reason?.code) {
      if (one.reason !== null) forget(one.reason)
      if (reason !== null) note(reason)
    }
    one.reason = reason
    ears.onStateChange()
  }

  function note(reason: RemoteError): void {
    const known = reasons.get(reason.code)
    if (known !== undefined) known.count += 1
    else {
      reasons.set(reason.code, { example: reason, count: 1 })
      log.warn({ tenant, code: reason.code, hint: reason.hint }, 'notices fail: calendars are polled instead')
    }
  }

  function forget(reason: RemoteError): void {
    const known = reasons.get(reason.code)
    if (known !== undefined && --known.count === 0) reasons.delete(reason.code)
  }

  function end(one: TargetSubscription, parting: ReleaseMode): void {
    if (one.over) return
    become(one, false, null)
    one.over = true
    all.delete(one.target.key)
    waiting.delete(one)
    if (parting === 'stop') one.watch?.stop()
  }
}

const instead = 'Notices fail, so calendars are polled until they come again.'
const beginning = 'Notices are being set up. The calendars of which they do not tell yet are polled.'
