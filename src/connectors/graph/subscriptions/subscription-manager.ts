/** Keeps one subscription for each watched calendar: made or found, renewed in its time, removed in the end. */
import { RemoteError } from '../../../errors.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { CalendarSubscription, SubscribeRequest, SubscriptionListener } from '../../connector.ts'
import type { GraphResponse } from '../client/batch-response.ts'
import type { GraphClient, GraphRequest } from '../client/graph-client.ts'
import { isTransient } from '../errors.ts'
import type { NotificationUrls } from '../notifications/url.ts'
import {
  duplicateSubscription,
  malformedResponse,
  type SubscriptionFailure,
  subscriptionError,
  toSubscriptionFailure
} from './errors.ts'
import { createExistingSubscriptions } from './existing-subscriptions.ts'
import { createSubscriptionRateLimiter } from './rate-limiter.ts'
import { createRequest, deleteRequest, parseSubscription, renewRequest } from './requests.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { createSubscriptionStates } from './subscription-states.ts'

export interface GraphSubscriptions {
  subscribe(watched: SubscribeRequest, listener: SubscriptionListener): CalendarSubscription
  /** Waits a little until what was stopped is removed at Graph. */
  close(): Promise<void>
}

export interface SubscriptionDeps {
  readonly client: GraphClient
  readonly graph: string
  readonly clientId: string
  readonly notificationUrls: NotificationUrls
  readonly clock: () => number
  readonly timers: Timers
}

/** Milliseconds. */
const deadline = 60_000
/** Milliseconds after the list was read: by then whoever is to be watched is. */
const orphaned = 600_000
/** Milliseconds: who closes waits so long. What takes longer (ten thousand do) goes on while the process lives. */
const patienceAtEnd = 5_000
const longestEnd = 600_000
const mostTries = 3

interface Task {
  readonly call: GraphRequest
  readonly calendar: SubscriptionState | null
  readonly settle: (answer: GraphResponse | RemoteError) => void
}

/** A subscription that is to go; `last` when it is all that Graph holds for a calendar that was stopped. */
interface Removal {
  readonly mailbox: string
  readonly id: string
  readonly last: SubscriptionState | null
  tries: number
}

export function openGraphSubscriptions(needs: SubscriptionDeps): GraphSubscriptions {
  const { client: calls, notificationUrls: addresses, clock, timers } = needs
  const calendars = createSubscriptionStates(timers, clock)
  const found = createExistingSubscriptions(needs, calendars)
  const pace = createSubscriptionRateLimiter(timers)
  const removals: Removal[] = []
  const ending = new AbortController()
  let orphansAt = Number.POSITIVE_INFINITY
  let onTheWay = 0
  let listing = false
  let wake: { readonly at: number; readonly cancel: () => void } | null = null
  /** Who met with what holds for all: only they can tell that it holds no more. */
  let complainer: SubscriptionState | null = null
  let closing: Promise<void> | null = null
  let closed: (() => void) | null = null

  return {
    subscribe(watched, listener) {
      const calendar = calendars.add(watched, listener)
      wakeAt(timers.now())
      return {
        onLifecycleEvent(news) {
          if (calendar.stopped) return
          calendar[news]()
          wakeAt(calendar.dueAt)
        },
        stop() {
          if (calendar.stopped) return
          calendars.stop(calendar)
          // What comes of a call that is on its way is removed when it is known.
          if (!calendar.busy) release(calendar)
        }
      }
    },
    close() {
      closing ??= end()
      return closing
    }
  }

  async function end(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancels = [timers.after(patienceAtEnd, resolve), timers.after(longestEnd, () => closed?.())]
      closed = () => {
        for (const cancel of cancels) cancel()
        wake?.cancel()
        ending.abort()
        resolve()
      }
      work()
    })
  }

  function wakeAt(at: number): void {
    if (ending.signal.aborted || at === Number.POSITIVE_INFINITY || (wake !== null && wake.at <= at)) return
    wake?.cancel()
    wake = { at, cancel: timers.after(Math.max(0, at - timers.now()), work) }
  }

  /** Sends what is due and may be sent, and sees to it that it is called again in time. */
  function work(): void {
    wake?.cancel()
    wake = null
    if (ending.signal.aborted) return
    if (closed !== null && removals.length === 0 && !calendars.isEnding) {
      closed()
      return
    }
    const now = timers.now()
    if (now < pace.from) {
      // Who came meanwhile hears it too.
      if (pace.trouble !== null) calendars.deaf(pace.trouble)
      wakeAt(pace.from)
      return
    }
    calendars.review()
    if (closed === null && !found.isRead && !listing && calendars.size > 0) void list()
    // A batch that is on its way ends with work.
    const room = pace.room(onTheWay)
    if (room === 0) return
    const calling = closed === null && found.isRead
    if (calling && now >= orphansAt) clearOrphans()
    // Those that are to go take turns with the others; not before the one that can tell that the trouble is over.
    const tasks = room === 1 ? [] : removals.splice(0, room / 2).map(removalTask)
    const due = room === 1 ? calendars.anyOf(complainer) : calendars.due(now, room - tasks.length)
    for (const calendar of calling ? due : []) {
      if (calendar.id !== null || !takeOver(calendar)) tasks.push(callTask(calendar))
    }
    tasks.push(...removals.splice(0, room - tasks.length).map(removalTask))
    if (tasks.length > 0) void send(tasks)
    if (tasks.length > 0) wakeAt(pace.from)
    else if (calling) wakeAt(Math.min(calendars.nextAt(), orphansAt))
  }

  async function list(): Promise<void> {
    listing = true
    const error = await found.read(AbortSignal.any([ending.signal, AbortSignal.timeout(5 * deadline)]))
    listing = false
    if (ending.signal.aborted) return
    if (error !== null) everybody({ ...toSubscriptionFailure(error), isApplicationWide: true }, null)
    else {
      recovered()
      orphansAt = timers.now() + orphaned
      for (const calendar of calendars.due(timers.now(), calendars.size)) {
        if (calendar.id === null) takeOver(calendar)
      }
    }
    work()
  }

  /** Says whether Graph held one already, so that none need be made. */
  function takeOver(calendar: SubscriptionState): boolean {
    const { held, others } = found.take(calendar)
    if (held === null) calendar.obsolete.push(...others)
    else {
      calendar.hold(held, clock(), 'found')
      for (const id of others) remove(calendar.mailbox, id)
    }
    return held !== null
  }

  function clearOrphans(): void {
    orphansAt = Number.POSITIVE_INFINITY
    for (const { mailbox, id } of found.orphans()) remove(mailbox ?? id, id)
  }

  function release(calendar: SubscriptionState): void {
    for (const id of calendar.obsolete.splice(0)) remove(calendar.mailbox, id)
    if (calendar.id === null) calendars.released(calendar)
    else remove(calendar.mailbox, calendar.id, calendar)
    wakeAt(timers.now())
  }

  function remove(mailbox: string, id: string, last: SubscriptionState | null = null): void {
    removals.push({ mailbox, id, last, tries: 0 })
  }

  function callTask(calendar: SubscriptionState): Task {
    const { mailbox, name, id, obsolete } = calendar
    const [former] = obsolete
    calendar.busy = true
    if (former !== undefined) {
      const call = deleteRequest(mailbox, former)
      return { calendar, call, settle: (answer) => settleFormer(calendar, answer) }
    }
    const now = clock()
    const call =
      id === null ? createRequest(mailbox, addresses.endpointOf(name), now) : renewRequest(mailbox, id, now)
    return { calendar, call, settle: (answer) => settleCall(calendar, answer) }
  }

  function removalTask(gone: Removal): Task {
    const call = deleteRequest(gone.mailbox, gone.id)
    return { calendar: null, call, settle: (answer) => settleRemoval(gone, answer) }
  }

  async function send(tasks: readonly Task[]): Promise<void> {
    onTheWay += 1
    pace.sent(tasks.length)
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(deadline)])
    const answers = await calls.send(
      tasks.map(({ call }) => call),
      signal
    )
    onTheWay -= 1
    if (ending.signal.aborted) return
    const before = pace.troubles
    let answered = false
    for (const [index, { calendar, settle }] of tasks.entries()) {
      const answer = answers[index] ?? malformedResponse
      answered ||= !(answer instanceof RemoteError) && !answer.isWholeBatch
      if (calendar !== null) calendar.busy = false
      settle(answer)
      if (calendar?.stopped) release(calendar)
    }
    const told =
      complainer === null || complainer.stopped || tasks.some(({ calendar }) => calendar === complainer)
    if (answered && told && pace.troubles === before) recovered()
    work()
  }

  function settleCall(calendar: SubscriptionState, answer: GraphResponse | RemoteError): void {
    if (answer instanceof RemoteError) refused(calendar, toSubscriptionFailure(answer))
    else if (answer.status === 404 && calendar.id !== null) calendar.lost()
    else if (answer.status === 409 && calendar.id === null) conflict(calendar)
    else if (!isDone(answer)) refused(calendar, refusalIn(answer, calendar.mailbox))
    else {
      const held = parseSubscription(answer.body)
      if (held === null) refused(calendar, toSubscriptionFailure(malformedResponse))
      else calendar.hold(held, clock(), 'called')
    }
  }

  /** There is one already: sought in the list, it is taken over, or makes room. */
  function conflict(calendar: SubscriptionState): void {
    calendar.conflicts += 1
    const holder = found.holderOf(calendar.mailbox)
    if (calendar.conflicts === 1 && holder === null) found.seek(calendar)
    else {
      calendar.conflicts = 0
      const error = duplicateSubscription(calendar.mailbox, holder === 'neighbour')
      calendar.failed({ error, isApplicationWide: false, retryPolicy: 'hourly' })
    }
  }

  function settleFormer(calendar: SubscriptionState, answer: GraphResponse | RemoteError): void {
    if (answer instanceof RemoteError) refused(calendar, toSubscriptionFailure(answer))
    else if (isDone(answer) || answer.status === 404) calendar.obsolete.shift()
    else refused(calendar, refusalIn(answer, calendar.mailbox))
  }

  function settleRemoval(gone: Removal, answer: GraphResponse | RemoteError): void {
    gone.tries += 1
    const passing = answer instanceof RemoteError || isTransient(answer)
    // What is left runs out within a week; what it tells of until then is known to be of nobody.
    if (passing && gone.tries < mostTries) removals.push(gone)
    else if (gone.last !== null) calendars.released(gone.last)
    if (answer instanceof RemoteError) {
      if (answer.scope === 'connection') everybody(toSubscriptionFailure(answer), null)
    } else if (passing) pace.hold(answer.retryAfterMs)
  }

  function refusalIn(answer: GraphResponse, mailbox: string): SubscriptionFailure {
    return subscriptionError(answer, { mailbox, clientId: needs.clientId, host: addresses.host })
  }

  function refused(calendar: SubscriptionState, refusal: SubscriptionFailure): void {
    if (refusal.isApplicationWide) everybody(refusal, calendar)
    else calendar.failed(refusal)
    if (!refusal.isApplicationWide && refusal.error.code === 'throttled') pace.hold(refusal.error.retryAfter)
  }

  function everybody(refusal: SubscriptionFailure, by: SubscriptionState | null): void {
    if (pace.trouble === null || complainer?.stopped) complainer = by
    pace.troubled(refusal)
    calendars.deaf(refusal)
  }

  function recovered(): void {
    complainer = null
    if (pace.recovered()) calendars.live()
  }
}

function isDone({ status }: GraphResponse): boolean {
  return status >= 200 && status < 300
}
