/** At most so many connections at a time; who comes too late waits in line, the one used last is used first. */
import type { Wire } from './http1-connection.ts'

export interface Pool {
  /**
   * Give it back with `give`, always. Rejects when the signal is aborted, or with what opening rejects with. With
   * `fresh` no idle connection is trusted any more: where one has died unseen, the others have too.
   */
  take(signal: AbortSignal, fresh: boolean): Promise<Wire>
  give(wire: Wire): void
  /** Ends every connection, those in use too. */
  close(): void
}

export function poolOf(most: number, open: (signal: AbortSignal) => Promise<Wire>): Pool {
  const all = new Set<Wire>()
  const idle: Wire[] = []
  const waiting = new Set<() => void>()
  let taken = 0
  let closed = false

  async function place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (taken < most) {
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
    async take(signal, fresh) {
      await place(signal)
      for (const wire of fresh ? idle.splice(0) : []) {
        wire.destroy()
        all.delete(wire)
      }
      for (let wire = idle.pop(); wire !== undefined; wire = idle.pop()) {
        if (wire.alive) return wire
        all.delete(wire)
      }
      try {
        if (closed) throw new Error('the transport is closed')
        const wire = await open(signal)
        all.add(wire)
        if (closed) wire.destroy()
        return wire
      } catch (error) {
        free()
        throw error
      }
    },
    give(wire) {
      if (wire.alive) idle.push(wire)
      else all.delete(wire)
      free()
    },
    close() {
      closed = true
      for (const wire of all) wire.destroy()
      all.clear()
    }
  }
}
