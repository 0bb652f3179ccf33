/** Exchange Online takes at most four requests of an application at a time to one mailbox. */

const maxPerMailbox = 4

/** Never acquire more than four places of one mailbox at once. */
export class MailboxConcurrency {
  readonly #running = new Map<string, number>()
  readonly #waiting = new Set<() => void>()

  /** Resolves when all of these may be called; `release` them afterwards. Rejects when the signal aborts first. */
  async acquire(mailboxes: readonly string[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#tryAcquire(mailboxes)) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(retry)
        reject(signal.reason)
      }
      const retry = () => {
        if (!this.#tryAcquire(mailboxes)) return
        this.#waiting.delete(retry)
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      this.#waiting.add(retry)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  release(mailboxes: readonly string[]): void {
    for (const mailbox of mailboxes) {
      const left = this.#runningOf(mailbox) - 1
      if (left > 0) this.#running.set(mailbox, left)
      else this.#running.delete(mailbox)
    }
    for (const retry of [...this.#waiting]) retry()
  }

  #tryAcquire(mailboxes: readonly string[]): boolean {
    const wanted = new Map<string, number>()
    for (const mailbox of mailboxes) wanted.set(mailbox, (wanted.get(mailbox) ?? 0) + 1)
    for (const [mailbox, count] of wanted) if (this.#runningOf(mailbox) + count > maxPerMailbox) return false
    for (const [mailbox, count] of wanted) this.#running.set(mailbox, this.#runningOf(mailbox) + count)
    return true
  }

  #runningOf(mailbox: string): number {
    return this.#running.get(mailbox) ?? 0
  }
}

/** Splits calls into batches of at most twenty, with at most four to one mailbox in each. */
export function splitIntoBatches<Call extends { readonly mailbox: string }>(
  calls: readonly Call[]
): Call[][] {
  const batches: Call[][] = []
  for (const call of calls) {
    const room = batches.find(
      (batch) =>
        batch.length < 20 && batch.filter(({ mailbox }) => mailbox === call.mailbox).length < maxPerMailbox
    )
    if (room === undefined) batches.push([call])
    else room.push(call)
  }
  return batches
}
