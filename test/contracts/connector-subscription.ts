/** What every connector with subscriptions must do, whatever its protocol: begin inactive, become active, notify, and leave no trace. */
import type { Test } from 'tap'
import type { CalendarSubscription, Connector, LifecycleEvent } from '../../src/connectors/connector.ts'
import type { RemoteError } from '../../src/errors.ts'
import { until } from '../support/until.ts'

/** A calendar server that notifies edits. Calendars are independent of each other. */
export interface NotifyingServer {
  /** A connector of its own, as after a start of the service; the calendar server closes it in the end. */
  open(): Connector
  /** Creates the calendar again; returns what `Watched.mailbox` names it by. */
  put(calendar: string): Promise<string>
  /** What `Watched.mailbox` would name a calendar by that is not there. */
  missing(calendar: string): string
  /** Somebody puts an event into the calendar. */
  edit(mailbox: string): Promise<void>
  /** The calendar server ends every subscription that it holds, and says so as its protocol has it. */
  dropSubscriptions(): Promise<void>
  /** How many subscriptions the calendar server holds. */
  subscriptionCount(): number
  /** Where notifications come over the web: passes on those that came since. Is called over and over. */
  deliver(hand: (name: string, event: 'changed' | LifecycleEvent) => void): void
}

export type SubscriptionCase = keyof typeof cases

/** `gaps`: what the protocol cannot do. Such a case is skipped and its reason printed. */
export async function subscriptionContract(
  t: Test,
  server: NotifyingServer,
  gaps: Partial<Record<SubscriptionCase, string>> = {}
): Promise<void> {
  for (const [name, run] of Object.entries(cases)) {
    const reason = gaps[name as SubscriptionCase]
    await t.test(name, reason === undefined ? {} : { skip: reason }, (t) => run(t, server))
  }
}

/** One subscription, and what it reported. */
interface ContractSubscription {
  readonly watch: CalendarSubscription
  readonly mailbox: string
  /** `active`, `inactive`, `changed`, in order. */
  readonly received: string[]
  reason: RemoteError | null
}

/** Watches by name, so that what is delivered finds its way. */
function listeners(server: NotifyingServer) {
  const byName = new Map<string, ContractSubscription>()
  let named = 0
  return {
    watch(connector: Connector, mailbox: string, name = `target-${named++}`): ContractSubscription {
      const received: string[] = []
      const watch = connector.subscribe(
        { mailbox, targetId: name },
        {
          onChange: () => void received.push('changed'),
          onActive: () => void received.push('active'),
          onInactive(reason) {
            received.push('inactive')
            one.reason = reason
          }
        }
      )
      const one: ContractSubscription = { watch, mailbox, received, reason: null }
      byName.set(name, one)
      return one
    },
    /** Waits until it is so. */
    async until(what: string, isSo: () => boolean): Promise<void> {
      await until(what, () => {
        server.deliver((name, event) => {
          const one = byName.get(name)
          if (event === 'changed') one?.received.push('changed')
          one?.watch.onNotification(event)
        })
        return isSo()
      })
    }
  }
}

const isActive = ({ received }: ContractSubscription) =>
  received.filter((word) => word !== 'changed').at(-1) === 'active'
const lastWasChange = (one: ContractSubscription) => one.received.at(-1) === 'changed'

const cases = {
  'a subscription begins inactive, becomes active, and notifies an edit': async (
    t: Test,
    server: NotifyingServer
  ) => {
    const { watch, until } = listeners(server)
    const connector = server.open()
    const one = watch(connector, await server.put('first'))
    const other = watch(connector, await server.put('second'))
    t.same(one.received, [], 'not active before the calendar server knows')
    await until('both active', () => isActive(one) && isActive(other))
    await server.edit(one.mailbox)
    await until('the edit notified', () => lastWasChange(one))
    t.notOk(other.received.includes('changed'), 'of the calendar that was edited alone')
    await server.edit(other.mailbox)
    await until('the other edit notified', () => lastWasChange(other))
    t.notOk(one.received.includes('inactive'))
    one.watch.stop()
    other.watch.stop()
    await connector.close()
    t.equal(server.subscriptionCount(), 0, 'the calendar server holds nothing afterwards')
  },

  'after a gap the calendar is notified, and its further edits are': async (
    t: Test,
    server: NotifyingServer
  ) => {
    const { watch, until } = listeners(server)
    const connector = server.open()
    const all = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => watch(connector, await server.put(name)))
    )
    await until('all active', () => all.every(isActive))
    for (const one of all) one.received.length = 0
    await server.dropSubscriptions()
    for (const one of all) await server.edit(one.mailbox)
    const isNotified = ({ received }: ContractSubscription) =>
      received.includes('active') || received.includes('changed')
    await until(
      'all notified again',
      () => all.every(isNotified) && server.subscriptionCount() === all.length
    )
    await until('none inactive', () =>
      all.every((one) => !one.received.includes('inactive') || isActive(one))
    )
    for (const one of all) one.received.length = 0
    for (const one of all) await server.edit(one.mailbox)
    await until('further edits notified', () => all.every(lastWasChange))
    for (const { watch } of all) watch.stop()
    await connector.close()
    t.equal(server.subscriptionCount(), 0)
  },

  'a stopped subscription is not notified, and the calendar server drops it': async (
    t: Test,
    server: NotifyingServer
  ) => {
    const { watch, until } = listeners(server)
    const connector = server.open()
    const goes = watch(connector, await server.put('goes'))
    const stays = watch(connector, await server.put('stays'))
    const never = watch(connector, await server.put('never'))
    never.watch.stop()
    await until('both active', () => isActive(goes) && isActive(stays))
    goes.watch.stop()
    goes.watch.stop()
    goes.received.length = 0
    await until('one left', () => server.subscriptionCount() === 1)
    await server.edit(goes.mailbox)
    await server.edit(stays.mailbox)
    await until('the edit notified', () => lastWasChange(stays))
    t.same([...goes.received, ...never.received], [])
    const again = watch(connector, goes.mailbox)
    await until('watched again', () => isActive(again))
    again.watch.stop()
    stays.watch.stop()
    await connector.close()
    t.equal(server.subscriptionCount(), 0)
  },

  'what cannot be subscribed is inactive with a reason, and does not affect the others': async (
    t: Test,
    server: NotifyingServer
  ) => {
    const { watch, until } = listeners(server)
    const connector = server.open()
    const nobody = watch(connector, server.missing('nobody'))
    const one = watch(connector, await server.put('somebody'))
    await until('one active, the other inactive', () => isActive(one) && nobody.received.includes('inactive'))
    t.same(nobody.received, ['inactive'])
    t.match(nobody.reason?.hint, /\S{3,}/, 'with a hint')
    nobody.watch.stop()
    one.watch.stop()
    await connector.close()
    t.equal(server.subscriptionCount(), 0)
  },

  'a connector that closes leaves its watches to the next one': async (t: Test, server: NotifyingServer) => {
    const { watch, until } = listeners(server)
    const before = server.open()
    const mailbox = await server.put('persistent')
    const first = watch(before, mailbox, 'persistent')
    await until('active', () => isActive(first))
    await before.close()
    first.received.length = 0
    t.equal(server.subscriptionCount(), 1, 'it stays at the calendar server')
    const after = server.open()
    const second = watch(after, mailbox, 'persistent')
    await until('taken up', () => isActive(second))
    t.equal(server.subscriptionCount(), 1, 'there is no second one')
    await server.edit(mailbox)
    await until('the edit notified', () => lastWasChange(second))
    second.watch.stop()
    await after.close()
    t.equal(server.subscriptionCount(), 0)
    t.same(first.received, [])
  }
} as const
