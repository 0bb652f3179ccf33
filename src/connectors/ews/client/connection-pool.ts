/** At most so many connections at a time; who comes too late waits in line, the one used last is used first. */
import type { Http1Connection } from './http1-connection.ts'

export interface ConnectionPool {
  /**
   * Give it back with `give`, always. Rejects when the signal is aborted, or with what opening rejects with. With
   * `fresh` no idle connection is trusted any more: where one has died unseen, the others have too.
   */
  acquire(signal: AbortSignal, fresh: boolean): Promise<Http1Connection>
  release(connection: Http1Connection): void
  /** Ends every connection, those in use too. */
  close(): void
}

export function createConnectionPool(
  maxConnections: number,
  open: (signal: AbortSignal) => Promise<Http1Connection>
): ConnectionPool {
  const all = new Set<Http1Connection>()
  const idle: Http1Connection[] = []
  const waiting = new Set<() => void>()
  let taken = 0
  let closed = false

  async function place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (taken < maxConnections) {
      taken++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        waiting.delete(go)
        reject(signal.reason)
      }
      waiting.add(go)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  function free(): void {
    const [next] = waiting
    if (next === undefined) taken--
    else {
      waiting.delete(next)
      next()
    }
  }

  return {
    async acquire(signal, fresh) {
      await place(signal)
      for (const connection of fresh ? idle.splice(0) : []) {
        connection.destroy()
        all.delete(connection)
      }
      for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
        if (connection.isAlive) return connection
        all.delete(connection)
      }
      try {
        if (closed) throw new Error('the transport is closed')
        const connection = await open(signal)
        all.add(connection)
        if (closed) connection.destroy()
        return connection
      } catch (error) {
        free()
        throw error
      }
    },
    release(connection) {
      if (connection.isAlive) idle.push(connection)
      else all.delete(connection)
      free()
    },
    close() {
      closed = true
      for (const connection of all) connection.destroy()
      all.clear()
    }
  }
}
