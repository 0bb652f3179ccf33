/** A tenant with two connections, Exchange on premises and the cloud, whose mailboxes move while its sync runs. */
import type { Test } from 'tap'
import type { Connection } from '../../src/connectors/connection.ts'
import type { Connector, SubscriptionListener } from '../../src/connectors/connector.ts'
import { kindOf } from '../../src/connectors/kinds.ts'
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import { RemoteError } from '../../src/errors.ts'
import { sealConnection } from '../../src/storage/secrets/connection-secrets.ts'
import { joinConnections } from '../../src/storage/tenant-connections.ts'
import { openSyncHarness } from './sync-harness.ts'

export const sideNames = ['exchange', 'cloud'] as const
export type SideName = (typeof sideNames)[number]

/** What one side says of one mailbox. */
export type SideAnswer =
  | 'here'
  | 'times'
  | 'absent'
  | 'denied'
  | 'stale'
  | 'unknown4xx'
  | 'unreachable'
  | 'refused'

const errors: Readonly<Record<Exclude<SideAnswer, 'here' | 'times'>, () => RemoteError>> = {
  absent: () => new RemoteError('mailbox_unknown', 'It has no mailbox.', { isMailboxAbsent: true }),
  denied: () => new RemoteError('access_denied', 'Grant it.'),
  stale: () => new RemoteError('unreachable', 'The directory is stale.'),
  unknown4xx: () => new RemoteError('protocol_error', 'It gives a reason that is not known.'),
  unreachable: () => new RemoteError('unreachable', 'It does not answer.', { scope: 'connection' }),
  refused: () => new RemoteError('secret_invalid', 'Put the right secret.', { scope: 'connection' })
}

/** One calendar system, in memory. */
export class HybridSide {
  /** By mailbox; a mailbox that is not there is absent. */
  readonly answers = new Map<string, SideAnswer>()
  /** Of the whole side, where it is set. */
  outage: SideAnswer | null = null
  readonly watched = new Map<string, SubscriptionListener>()
  /** By mailbox, how often it was read. */
  readonly reads = new Map<string, number>()
  /** When each probe began: a read that looks 30 days back. */
  readonly probes: number[] = []
  readonly #events: (mailbox: string) => readonly CalendarEvent[]
  readonly #now: () => number

  constructor(events: (mailbox: string) => readonly CalendarEvent[], now: () => number) {
    this.#events = events
    this.#now = now
  }

  connector(): Connector {
    return {
      batchSize: 20,
      read: async ({ targets, window }) => {
        if (window.start < this.#now() - 20 * 86_400_000) this.probes.push(this.#now())
        return targets.map(({ mailbox }) => {
          this.reads.set(mailbox, (this.reads.get(mailbox) ?? 0) + 1)
          const answer = this.outage ?? this.answers.get(mailbox) ?? 'absent'
          if (answer !== 'here' && answer !== 'times') return { outcome: 'failed', error: errors[answer]() }
          const touching = this.#events(mailbox).filter(
            ({ start, end }) => start < window.end && end > window.start
          )
          const isWhole = answer === 'here'
          const events = isWhole ? touching : touching.map((event) => ({ ...event, subject: '' }))
          return {
            outcome: 'read',
            events,
            detail: isWhole ? 'subjects' : 'availability',
            partialRead: null,
            etag: null
          }
        })
      },
      check: async () => [],
      fingerprints: async ({ targets }) => targets.map(() => null),
      subscribe: ({ mailbox }, listener) => {
        this.watched.set(mailbox, listener)
        if (this.answers.get(mailbox) === 'here' && this.outage === null) listener.onActive()
        return {
          onNotification: () => {},
          stop: () => {
            if (this.watched.get(mailbox) === listener) this.watched.delete(mailbox)
          }
        }
      },
      close: async () => {}
    }
  }

  /** The server ends the subscription of a mailbox that is not there any more. */
  endSubscription(mailbox: string): void {
    this.watched.get(mailbox)?.onInactive(errors.stale())
  }
}

export type HybridTenant = Awaited<ReturnType<typeof openHybridTenant>>

/** `eventsOf` gives the events of a mailbox, wherever it is. */
export async function openHybridTenant(
  t: Test,
  eventsOf: (mailbox: string, side: SideName) => readonly CalendarEvent[]
) {
  const sides = new Map<string, HybridSide>()
  const all = await openSyncHarness(t, {
    openConnector: (_tenant, connection) =>
      sides.get('tenantId' in connection ? connection.tenantId : '')!.connector()
  })
  const { store, seal, time } = all
  for (const name of sideNames) {
    sides.set(name, new HybridSide((mailbox) => eventsOf(mailbox, name), time.clock))
  }
  const connections = (names: readonly SideName[], pollSeconds = 60) =>
    joinConnections(
      names.map((name, order) => {
        const connection: Connection = {
          kind: 'graph',
          tenantId: name,
          clientId: 'y',
          clientSecret: 'right',
          cloud: 'global',
          pollSeconds
        }
        const { secretMembers } = kindOf(connection)
        return sealConnection('acme', connection, secretMembers, seal, time.clock(), { id: name, order })
      })
    )
  await store.saveTenant(
    { id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' },
    time.clock()
  )
  await store.saveConnection('acme', connections(sideNames), true, time.clock())
  return {
    ...all,
    exchange: sides.get('exchange')!,
    cloud: sides.get('cloud')!,
    connections,
    /** Lets time pass until it is so, at most an hour. */
    async passUntil(isSo: () => boolean | Promise<boolean>): Promise<void> {
      for (let second = 0; second < 3600 && !(await isSo()); second++) await time.run(1_000)
    },
    /** The id of the connection over which the user is read, as it is kept. */
    home: async (user: string) => (await all.record('acme', user)).sync.home ?? null
  }
}
