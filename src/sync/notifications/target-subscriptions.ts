/** The subscriptions of one tenant's calendars: for which of them notifications come, and why not for the others. */
import type { CalendarSubscription, Connector, NotificationEvent } from '../../connectors/connector.ts'
import type { RemoteFault, SyncCode } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { type ReadTarget, subscriptionIdOf } from '../targets/read-target.ts'

export const notificationStates = ['disabled', 'live', 'partial', 'fallbackPolling'] as const

/** Plain JSON: workers publish it for other processes. */
export interface NotificationsState {
  /** `disabled`: the calendar system sends none. `live`: for all calendars, `partial`: for some. `fallbackPolling`: it ought to, but does not. */
  readonly state: (typeof notificationStates)[number]
  /** Calendars for which notifications come, and those that are polled. */
  readonly active: number
  readonly polling: number
  /** Why calendars are polled that ought to be notified of, as most of them have it. */
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

/** `unsubscribe`: what the server holds is removed. `keep`: the next connector takes it over. */
export type ReleaseMode = 'unsubscribe' | 'keep'

export interface SubscriptionHandlers {
  /** The calendar was edited, or may have been. */
  onChanged(key: string): void
  /** Its subscription is active from now on; earlier edits may have been missed. */
  onActive(key: string): void
  /** Its subscription was active: from now on edits may go unnotified. */
  onInactive(key: string): void
  /** `state` is another. */
  onStateChange(): void
}

export interface SubscriptionDeps {
  /** The connector in use. */
  readonly connector: () => Connector | null
  readonly handlers: SubscriptionHandlers
  readonly timers: Timers
  readonly log: Log
}

/** One subscription, which serves every target of its mailbox. */
interface MailboxSubscription {
  readonly id: string
  readonly mailbox: string
  /** The targets that it serves. */
  readonly keys: Set<string>
  /** Null until its turn has come. */
  subscription: CalendarSubscription | null
  isActive: boolean
  /** Why it is inactive, where it ought to be active. */
  reason: RemoteFault | null
  isReleased: boolean
}

/** Subscriptions that begin in one turn of the loop: ten thousand at once would keep others from being read. */
const maxStartsPerTurn = 100
const startIntervalMs = 10

export class TargetSubscriptions {
  readonly #tenant: string
  readonly #deps: SubscriptionDeps
  readonly #byId = new Map<string, MailboxSubscription>()
  readonly #byKey = new Map<string, MailboxSubscription>()
  readonly #waiting = new Set<MailboxSubscription>()
  /** Why subscriptions that ought to be active are not: by code, with one example. Null while all is well. */
  #reasons: Map<SyncCode, { readonly example: RemoteFault; count: number }> | null = null
  #activeTargets = 0
  #cancelStart: (() => void) | null = null

  constructor(tenant: string, deps: SubscriptionDeps) {
    this.#tenant = tenant
    this.#deps = deps
  }

  /** Subscribes to a calendar; returns how to end that. */
  add(target: ReadTarget): (mode: ReleaseMode) => void {
    const id = subscriptionIdOf(target)
    const one = this.#byId.get(id) ?? this.#create(id, target.mailbox)
    one.keys.add(target.key)
    this.#byKey.set(target.key, one)
    if (one.isActive) this.#activeTargets += 1
    this.#deps.handlers.onStateChange()
    return (mode) => this.#release(one, target.key, mode)
  }

  /** Whether its subscription is active. */
  isActive(key: string): boolean {
    return this.#byKey.get(key)?.isActive ?? false
  }

  /** The targets that a subscription serves. */
  targetsOf(subscriptionId: string): readonly string[] {
    return [...(this.#byId.get(subscriptionId)?.keys ?? [])]
  }

  /** Tells the connector too: other subscriptions may be of the same mailbox under another spelling. */
  onNotification(subscriptionId: string, event: NotificationEvent): void {
    this.#byId.get(subscriptionId)?.subscription?.onNotification(event)
  }

  get state(): NotificationsState {
    const active = this.#activeTargets
    const polling = this.#byKey.size - active
    const worst = this.#worstReason()
    if (active === 0 && worst === null) return { ...noNotifications, polling }
    const state = polling === 0 ? 'live' : active === 0 ? 'fallbackPolling' : 'partial'
    if (worst === null) {
      return { state, active, polling, code: null, hint: polling === 0 ? null : startingHint }
    }
    return { state, active, polling, code: worst.code, hint: `${fallbackHint} ${worst.hint}` }
  }

  /** Subscriptions that ought to be active but are not. */
  get inactive(): number {
    let count = 0
    for (const reason of this.#reasons?.values() ?? []) count += reason.count
    return count
  }

  close(): void {
    this.#cancelStart?.()
    this.#cancelStart = null
    this.#waiting.clear()
  }

  #create(id: string, mailbox: string): MailboxSubscription {
    const one: MailboxSubscription = {
      id,
      mailbox,
      keys: new Set(),
      subscription: null,
      isActive: false,
      reason: null,
      isReleased: false
    }
    this.#byId.set(id, one)
    this.#waiting.add(one)
    this.#cancelStart ??= this.#deps.timers.after(0, () => this.#startSome())
    return one
  }

  #startSome(): void {
    let left = maxStartsPerTurn
    for (const one of this.#waiting) {
      if (left === 0) break
      left -= 1
      this.#waiting.delete(one)
      this.#start(one)
    }
    this.#cancelStart =
      this.#waiting.size > 0 ? this.#deps.timers.after(startIntervalMs, () => this.#startSome()) : null
  }

  #start(one: MailboxSubscription): void {
    const { connector, handlers, log } = this.#deps
    const unlessReleased = (call: () => void) => {
      if (!one.isReleased) call()
    }
    const onActive = () => {
      this.#setState(one, true, null)
      for (const key of [...one.keys]) handlers.onActive(key)
    }
    try {
      const subscription = connector()?.subscribe(
        { mailbox: one.mailbox, targetId: one.id },
        {
          onChange: () =>
            unlessReleased(() => {
              for (const key of [...one.keys]) handlers.onChanged(key)
            }),
          onActive: () => unlessReleased(onActive),
          onInactive: (reason) =>
            unlessReleased(() =>
              this.#setState(one, false, reason && { code: reason.code, hint: reason.hint })
            )
        }
      )
      one.subscription = subscription ?? null
    } catch (error) {
      // A connector does not throw: this is a defect of it. The calendar is polled.
      log.error({ tenant: this.#tenant, ...redactError(error) }, 'a subscription could not be begun')
    }
  }

  #setState(one: MailboxSubscription, isActive: boolean, reason: RemoteFault | null): void {
    const wasActive = one.isActive
    this.#activeTargets += (Number(isActive) - Number(wasActive)) * one.keys.size
    one.isActive = isActive
    if (wasActive && !isActive) for (const key of one.keys) this.#deps.handlers.onInactive(key)
    if (one.reason?.code !== reason?.code) {
      if (one.reason !== null) this.#removeReason(one.reason)
      if (reason !== null) this.#addReason(reason)
    }
    one.reason = reason
    this.#deps.handlers.onStateChange()
  }

  #release(one: MailboxSubscription, key: string, mode: ReleaseMode): void {
    if (!one.keys.delete(key)) return
    this.#byKey.delete(key)
    if (one.isActive) this.#activeTargets -= 1
    if (one.keys.size === 0) {
      if (one.reason !== null) this.#removeReason(one.reason)
      one.isReleased = true
      this.#byId.delete(one.id)
      this.#waiting.delete(one)
      if (mode === 'unsubscribe') one.subscription?.stop()
    }
    this.#deps.handlers.onStateChange()
  }

  #addReason(reason: RemoteFault): void {
    const { code, hint } = reason
    this.#reasons ??= new Map()
    const known = this.#reasons.get(code)
    if (known !== undefined) known.count += 1
    else {
      this.#reasons.set(code, { example: reason, count: 1 })
      this.#deps.log.warn(
        { tenant: this.#tenant, code, hint },
        'notifications fail: calendars are polled instead'
      )
    }
  }

  #removeReason({ code }: RemoteFault): void {
    const known = this.#reasons?.get(code)
    if (known !== undefined && --known.count === 0) this.#reasons!.delete(code)
  }

  /** The reason that most inactive subscriptions have. */
  #worstReason(): RemoteFault | null {
    if (this.#reasons === null) return null
    return [...this.#reasons.values()].sort((a, b) => b.count - a.count)[0]?.example ?? null
  }
}

const fallbackHint = 'Notifications fail, so calendars are polled until they come again.'
const startingHint = 'Notifications are being set up. The calendars for which none come yet are polled.'
