/** The connector of one tenant, and those replaced that still have a read to end. */
import type { Connector } from '../../connectors/connector.ts'

interface LeasedConnector {
  readonly connector: Connector
  reads: number
  isRetired: boolean
  /** Called when it is retired and no read uses it any more. */
  onUnused: () => void
}

export class ConnectorLeases {
  readonly #onCloseFailed: (error: unknown) => void
  #current: LeasedConnector | null = null
  /** Each resolves when a replaced connector is closed. */
  readonly #closing = new Set<Promise<void>>()

  constructor(onCloseFailed: (error: unknown) => void) {
    this.#onCloseFailed = onCloseFailed
  }

  get current(): Connector | null {
    return this.#current?.connector ?? null
  }

  /** The old connector is closed after its reads have ended. */
  replace(connector: Connector | null): void {
    const old = this.#current
    this.#current = connector === null ? null : { connector, reads: 0, isRetired: false, onUnused: () => {} }
    if (old !== null) this.#retire(old)
  }

  /** Keeps the current connector open until the work is done; null when there is none. */
  async use<T>(work: (connector: Connector) => Promise<T>): Promise<T | null> {
    const leased = this.#current
    if (leased === null) return null
    leased.reads += 1
    try {
      return await work(leased.connector)
    } finally {
      leased.reads -= 1
      if (leased.isRetired && leased.reads === 0) leased.onUnused()
    }
  }

  /** Resolves when all are closed. */
  async close(): Promise<void> {
    this.replace(null)
    await Promise.all(this.#closing)
  }

  #retire(leased: LeasedConnector): void {
    leased.isRetired = true
    const unused = new Promise<void>((resolve) => {
      leased.onUnused = resolve
    })
    if (leased.reads === 0) leased.onUnused()
    const closed = unused
      .then(() => leased.connector.close())
      .catch(this.#onCloseFailed)
      .then(() => void this.#closing.delete(closed))
    this.#closing.add(closed)
  }
}
