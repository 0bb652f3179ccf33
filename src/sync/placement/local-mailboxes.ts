/** Which of a tenant's mailboxes are read over one connection, and whether it has one that is looked for. */
import type { Instant } from '../../domain/calendar-event.ts'
import { windowAt } from '../../domain/window.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { unsealMailbox } from '../../storage/secrets/connection-secrets.ts'
import type { Unsealer } from '../../storage/secrets/seal.ts'
import type { UserRecord } from '../../storage/store.ts'
import { homeOf } from '../../storage/tenant-connections.ts'
import type { BatchPlacement } from '../batch/batch-context.ts'
import type { ConnectionHealth } from '../connection/connection-health.ts'
import type { ConnectorLeases } from '../connection/connector-leases.ts'
import type { ConnectionConfig } from '../connection-config.ts'
import { type ReadTarget, targetOf } from '../targets/read-target.ts'
import type { MailboxPlacement, ProbedConnection } from './mailbox-placement.ts'
import { type ProbeAnswer, probeMailboxes } from './probe-mailboxes.ts'

export interface LocalMailboxesDeps {
  readonly placement: Pick<MailboxPlacement, 'onUnplaced' | 'onAbsent' | 'onRead' | 'wasFoundNowhere'>
  readonly config: ConnectionConfig
  readonly leases: ConnectorLeases
  readonly health: ConnectionHealth
  readonly sealer: Unsealer
  readonly clock: () => Instant
  readonly timers: Timers
  readonly log: Log
}

/** Mailboxes of one probe. */
const maxProbeSize = 20

export class LocalMailboxes implements ProbedConnection {
  readonly id: string
  readonly #tenant: string
  readonly #deps: LocalMailboxesDeps
  readonly #batchPlacement: BatchPlacement

  constructor(tenant: string, id: string, deps: LocalMailboxesDeps) {
    this.id = id
    this.#tenant = tenant
    this.#deps = deps
    let detailedAt = Number.NEGATIVE_INFINITY
    this.#batchPlacement = {
      onAbsent: (users) => deps.placement.onAbsent(users, id),
      onRead: (users) => deps.placement.onRead(users),
      wasFoundNowhere: (users) => deps.placement.wasFoundNowhere(users),
      get detailedAt() {
        return detailedAt
      },
      onDetailed: (now) => {
        detailedAt = now
      }
    }
  }

  get isReady(): boolean {
    const { leases, health } = this.#deps
    return leases.current !== null && health.pausedForMs === 0
  }

  /** A batch of Graph's is one request, and so is GetUserAvailability; elsewhere each mailbox is one. */
  get probeSize(): number {
    const { connection } = this.#deps.config
    const isOneRequest = connection?.kind === 'graph' || connection?.open.access === 'delegate'
    return isOneRequest ? Math.min(maxProbeSize, this.#deps.leases.current?.batchSize ?? 1) : 1
  }

  get batchPlacement(): BatchPlacement | null {
    return this.#deps.config.connections.length > 1 ? this.#batchPlacement : null
  }

  /** Null: it is not to be read, or not over this connection. Throws when the mailbox cannot be unsealed. */
  targetOf(record: UserRecord): ReadTarget | null {
    const target = this.#anyTargetOf(record)
    if (target === null || this.has(record)) return target
    const { config, placement } = this.#deps
    const { connections } = config
    // With one connection there is nowhere else to look: what it says of the mailbox stands.
    if (connections.length > 1 && homeOf(record.sync, connections) === null) {
      placement.onUnplaced(record.user.id)
    }
    return null
  }

  /** Whether the mailbox is read over this connection. */
  has({ sync }: Pick<UserRecord, 'sync'>): boolean {
    return homeOf(sync, this.#deps.config.connections) === this.id
  }

  async probe(records: readonly UserRecord[]): Promise<readonly (ProbeAnswer | null)[]> {
    const wanted = records.map((record) => this.#anyTargetOf(record))
    const targets = wanted.filter((target) => target !== null)
    const { config, leases, clock, timers, log } = this.#deps
    const now = clock()
    const answers = await leases.use((connector) =>
      probeMailboxes({
        tenant: this.#tenant,
        connector,
        targets,
        window: windowAt(now),
        subjects: config.rules.rules.triggers.length > 0,
        now,
        timers,
        log
      })
    )
    return wanted.map((target) => {
      if (target === null) return null
      return answers?.[targets.indexOf(target)] ?? { kind: 'silent' }
    })
  }

  /** Over whatever connection it is read. */
  #anyTargetOf({ user }: UserRecord): ReadTarget | null {
    const { config, sealer } = this.#deps
    return targetOf(user, config.timeZone, (user) => unsealMailbox(this.#tenant, user, sealer))
  }
}
