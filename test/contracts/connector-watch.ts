/** What every connector must do that tells of edits, whatever its protocol: begin deaf, go live, tell, and leave no trace. */
import type { Test } from 'tap'
import type { CalendarSubscription, Connector, LifecycleEvent } from '../../src/connectors/connector.ts'
import type { RemoteError } from '../../src/errors.ts'
import { until } from '../support/until.ts'

/** A far side that tells of edits. Calendars are independent of each other. */
export interface WatchFarSide {
  /** A connector of its own, as after a start of the service; the far side closes it in the end. */
  open(): Connector
  /** Makes the calendar anew; returns what `Watched.mailbox` names it by. */
  put(calendar: string): Promise<string>
  /** What `Watched.mailbox` would name a calendar by that is not there. */
  missing(calendar: string): string
  /** Somebody puts an event into the calendar. */
  edit(mailbox: string): Promise<void>
  /** The far side ends every watch that it holds, and says so as its protocol has it. */
  dropWatches(): Promise<void>
  /** How many calendars the far side watches for anybody. */
  watches(): number
  /** Where notices come over the web: hands over those that came since. Is called over and over. */
  deliver(hand: (name: string, news: 'changed' | LifecycleEvent) => void): void
}

export type WatchCase = keyof typeof cases

/** `gaps`: what the protocol cannot do. Such a case is skipped and its reason printed. */
export async function watchContract(
  t: Test,
  far: WatchFarSide,
  gaps: Partial<Record<WatchCase, string>> = {}
): Promise<void> {
  for (const [name, run] of Object.entries(cases)) {
    const reason = gaps[name as WatchCase]
    await t.test(name, reason === undefined ? {} : { skip: reason }, (t) => run(t, far))
  }
}

/** One watch, and what it told. */
interface Heard {
  readonly watch: CalendarSubscription
  readonly mailbox: string
  /** `live`, `deaf`, `changed`, in order. */
  readonly told: string[]
  reason: RemoteError | null
}

/** Watches by name, so that what is delivered finds its way. */
function listeners(far: WatchFarSide) {
  const heard = new Map<string, Heard>()
  let named = 0
  return {
    watch(connector: Connector, mailbox: string, name = `target-${named++}`): Heard {
      const told: string[] = []
      const watch = connector.subscribe(
        { mailbox, targetId: name },
        {
          onChange: () => void told.push('changed'),
          onActive: () => void told.push('live'),
          onInactive(reason) {
            told.push('deaf')
            one.reason = reason
          }
        }
      )
      const one: Heard = { watch, mailbox, told, reason: null }
      heard.set(name, one)
      return one
    },
    /** Waits until it is so. */
    async until(what: string, isSo: () => boolean): Promise<void> {
      await until(what, () => {
        far.deliver((name, news) => {
          const one = heard.get(name)
          if (news === 'changed') one?.told.push('changed')
          one?.watch.onNotification(news)
        })
        return isSo()
      })
    }
  }
}

const isLive = ({ told }: Heard) => told.filter((word) => word !== 'changed').at(-1) === 'live'
const hearsOf = (one: Heard) => one.told.at(-1) === 'changed'

const cases = {
  'a watch begins deaf, goes live, and tells of an edit': async (t: Test, far: WatchFarSide) => {
    const { watch, until } = listeners(far)
    const connector = far.open()
    const one = watch(connector, await far.put('first'))
    const other = watch(connector, await far.put('second'))
    t.same(one.told, [], 'not live before the far side knows')
    await until('both live', () => isLive(one) && isLive(other))
    await far.edit(one.mailbox)
    await until('the edit told', () => hearsOf(one))
    t.notOk(other.told.includes('changed'), 'of the calendar that was edited alone')
    await far.edit(other.mailbox)
    await until('the other edit told', () => hearsOf(other))
    t.notOk(one.told.includes('deaf'))
    one.watch.stop()
    other.watch.stop()
    await connector.close()
    t.equal(far.watches(), 0, 'the far side holds nothing afterwards')
  },

  'after a gap the calendar is told of, and its further edits are': async (t: Test, far: WatchFarSide) => {
    const { watch, until } = listeners(far)
    const connector = far.open()
    const all = await Promise.all(['a', 'b', 'c'].map(async (name) => watch(connector, await far.put(name))))
    await until('all live', () => all.every(isLive))
    for (const one of all) one.told.length = 0
    await far.dropWatches()
    for (const one of all) await far.edit(one.mailbox)
    const isTold = ({ told }: Heard) => told.includes('live') || told.includes('changed')
    await until('all told of again', () => all.every(isTold) && far.watches() === all.length)
    await until('none deaf', () => all.every((one) => !one.told.includes('deaf') || isLive(one)))
    for (const one of all) one.told.length = 0
    for (const one of all) await far.edit(one.mailbox)
    await until('further edits told', () => all.every(hearsOf))
    for (const { watch } of all) watch.stop()
    await connector.close()
    t.equal(far.watches(), 0)
  },

  'who was stopped is told nothing more, and the far side lets go of it': async (
    t: Test,
    far: WatchFarSide
  ) => {
    const { watch, until } = listeners(far)
    const connector = far.open()
    const goes = watch(connector, await far.put('goes'))
    const stays = watch(connector, await far.put('stays'))
    const never = watch(connector, await far.put('never'))
    never.watch.stop()
    await until('both live', () => isLive(goes) && isLive(stays))
    goes.watch.stop()
    goes.watch.stop()
    goes.told.length = 0
    await until('one left', () => far.watches() === 1)
    await far.edit(goes.mailbox)
    await far.edit(stays.mailbox)
    await until('the edit told', () => hearsOf(stays))
    t.same([...goes.told, ...never.told], [])
    const again = watch(connector, goes.mailbox)
    await until('watched again', () => isLive(again))
    again.watch.stop()
    stays.watch.stop()
    await connector.close()
    t.equal(far.watches(), 0)
  },

  'what cannot be watched is deaf with a reason, and keeps nobody else from being told': async (
    t: Test,
    far: WatchFarSide
  ) => {
    const { watch, until } = listeners(far)
    const connector = far.open()
    const nobody = watch(connector, far.missing('nobody'))
    const one = watch(connector, await far.put('somebody'))
    await until('one live, the other deaf', () => isLive(one) && nobody.told.includes('deaf'))
    t.same(nobody.told, ['deaf'])
    t.match(nobody.reason?.hint, /\S{3,}/, 'with a hint')
    nobody.watch.stop()
    one.watch.stop()
    await connector.close()
    t.equal(far.watches(), 0)
  },

  'a connector that closes leaves its watches to the next one': async (t: Test, far: WatchFarSide) => {
    const { watch, until } = listeners(far)
    const before = far.open()
    const mailbox = await far.put('kept')
    const first = watch(before, mailbox, 'kept')
    await until('live', () => isLive(first))
    await before.close()
    first.told.length = 0
    t.equal(far.watches(), 1, 'it stays at the far side')
    const after = far.open()
    const second = watch(after, mailbox, 'kept')
    await until('taken up', () => isLive(second))
    t.equal(far.watches(), 1, 'there is no second one')
    await far.edit(mailbox)
    await until('the edit told', () => hearsOf(second))
    second.watch.stop()
    await after.close()
    t.equal(far.watches(), 0)
    t.same(first.told, [])
  }
} as const
