/** The simulator and the address that its notifications are posted to, with a time that leaps when the test says so. */
import Fastify from 'fastify'
import type { Test } from 'tap'
import type { Route } from '../../../simulator/faults.ts'
import { sendError } from '../../../src/api/problem.ts'
import { graphNotificationRoutes } from '../../../src/api/routes/graph-notifications.ts'
import { ProblemSchema } from '../../../src/api/schemas/problems.ts'
import type { CalendarSubscription, Connector } from '../../../src/connectors/connector.ts'
import { GraphConnector } from '../../../src/connectors/graph/connector.ts'
import { createNotificationUrls } from '../../../src/connectors/graph/notifications/url.ts'
import { createNotificationVerifiers } from '../../../src/connectors/graph/notifications/verifier.ts'
import type { CalendarNotification } from '../../../src/connectors/notification.ts'
import type { RemoteError } from '../../../src/errors.ts'
import type { Timers } from '../../../src/lib/timers.ts'
import { type Microsoft365, openMicrosoft365 } from './microsoft365.ts'

const secret = Buffer.alloc(32, 7)
export const minute = 60_000

export interface Subscribed extends Microsoft365 {
  /** Where notifications are posted to. */
  readonly publicUrl: string
  /** Accepted notifications, in the order in which they came. */
  readonly received: CalendarNotification[]
  /** How many were taken or dropped, by outcome. */
  readonly counted: Map<string, number>
  /** A connector as after a start; closed with the test. */
  connect(how?: { tenant?: string; publicUrl?: string }): Connector
  /** The clocks and timers of connectors and simulator go ahead by so many milliseconds. */
  leap(milliseconds: number): void
  /** As when the machine is suspended: only the wall clocks have gone on when it wakes. */
  suspend(milliseconds: number): void
  /** How often the simulator was asked for this. */
  count(route: Route): number
}

export async function openSubscribed(t: Test): Promise<Subscribed> {
  const time = leapingTime()
  const cloud = await openMicrosoft365(t, time.clock)
  const received: CalendarNotification[] = []
  const counted = new Map<string, number>()
  const app = Fastify()
  app.setErrorHandler(sendError)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.addSchema(ProblemSchema)
  await app.register(
    graphNotificationRoutes({
      graphVerifier: createNotificationVerifiers(secret),
      sync: { onNotifications: async (notifications) => void received.push(...notifications) },
      metrics: {
        countNotifications: (_, outcome, count) =>
          void counted.set(outcome, (counted.get(outcome) ?? 0) + count)
      },
      clock: time.clock
    })
  )
  const publicUrl = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  return {
    ...cloud,
    publicUrl,
    received,
    counted,
    leap: time.leap,
    suspend: time.suspend,
    count: (route) => cloud.simulator.requests.count({ route }),
    connect(how = {}) {
      const connector = new GraphConnector({
        connection: cloud.connection,
        http: cloud.http,
        notificationUrls: createNotificationUrls(how.publicUrl ?? publicUrl, secret, how.tenant ?? 'acme'),
        clock: time.clock,
        timers: time.timers
      })
      t.teardown(() => connector.close())
      return connector
    }
  }
}

/** What one subscription reported. */
export interface RecordedGraphSubscription {
  readonly watch: CalendarSubscription
  /** `active`, `changed`, or the code for which it is inactive, in order. */
  readonly words: string[]
  reason: RemoteError | null
}

export function watch(
  connector: Connector,
  mailbox: string,
  name = nameOf(mailbox)
): RecordedGraphSubscription {
  const words: string[] = []
  const recorded: RecordedGraphSubscription = {
    words,
    reason: null,
    watch: connector.subscribe(
      { mailbox, targetId: name },
      {
        onChange: () => void words.push('changed'),
        onActive: () => void words.push('active'),
        onInactive(reason) {
          recorded.reason = reason
          words.push(reason?.code ?? 'inactive')
        }
      }
    )
  }
  return recorded
}

export function nameOf(mailbox: string): string {
  return `of-${mailbox.split('@')[0]}`
}

export const isActive = ({ words }: RecordedGraphSubscription): boolean =>
  words.filter((word) => word !== 'changed').at(-1) === 'active'

function leapingTime() {
  let ahead = 0
  let slept = 0
  const waiting = new Set<{ at: number; fire: () => void }>()
  const now = () => performance.now() + ahead
  const timers: Timers = {
    now,
    after(milliseconds, call) {
      const one = {
        at: now() + milliseconds,
        fire() {
          cancel()
          call()
        }
      }
      const timer = setTimeout(one.fire, Math.min(milliseconds, 2 ** 31 - 1))
      timer.unref()
      const cancel = () => {
        clearTimeout(timer)
        waiting.delete(one)
      }
      waiting.add(one)
      return cancel
    }
  }
  return {
    timers,
    clock: () => Math.round(Date.now() + ahead + slept),
    suspend(milliseconds: number) {
      slept += milliseconds
    },
    leap(milliseconds: number) {
      ahead += milliseconds
      for (const one of [...waiting].sort((a, b) => a.at - b.at)) if (one.at <= now()) one.fire()
    }
  }
}
