/** The connector of one tenant, and those of before that still have a read to end. */
import type { Connector } from '../../connectors/connector.ts'

export interface ConnectorLeases {
  readonly current: Connector | null
  /** Puts another in its place; the old one is closed after its reads have ended. */
  replace(connector: Connector | null): void
  /** Keeps the present connector open until the work is done. */
  use<T>(work: (connector: Connector) => Promise<T>): Promise<T | null>
  /** Resolves when all are closed. */
  close(): Promise<void>
}

interface Link {
  readonly connector: Connector
  reads: number
  retired: boolean
}

export function openConnectorLeases(trouble: (error: unknown) => void): ConnectorLeases {
  let present: Link | null = null
  /** Each resolves when a connector of before is closed. */
  const leaving = new Map<Link, { readonly closed: Promise<void>; readonly close: () => void }>()

  return {
    get current() {
      return present?.connector ?? null
    },
    replace(connector) {
      const old = present
      present = connector === null ? null : { connector, reads: 0, retired: false }
      if (old !== null) retire(old)
    },
    async use(work) {
      const link = present
      if (link === null) return null
      link.reads += 1
      try {
        return await work(link.connector)
      } finally {
        link.reads -= 1
        if (link.retired && link.reads === 0) leaving.get(link)?.close()
      }
    },
    async close() {
      if (present !== null) retire(present)
      present = null
      await Promise.all([...leaving.values()].map(({ closed }) => closed))
    }
  }

  function retire(link: Link): void {
    link.retired = true
    let close = () => {}
    const ended = new Promise<void>((resolve) => {
      close = resolve
    })
    const closed = ended
      .then(() => link.connector.close())
      .catch(trouble)
      .then(() => {
        leaving.delete(link)
      })
    leaving.set(link, { closed, close })
    if (link.reads === 0) close()
  }
}
