/** Exchange Online takes at most four requests of an application at a time to one mailbox. */

const maxPerMailbox = 4

export interface MailboxConcurrency {
  /** Resolves when all of these may be called; give them back by `leave`. Rejects when the signal aborts first. */
  acquire(mailboxes: readonly string[], signal: AbortSignal): Promise<void>
  release(mailboxes: readonly string[]): void
}

/** Never ask for one mailbox more than four times in one `enter`. */
export function createMailboxConcurrency(): MailboxConcurrency {
  const inside = new Map<string, number>()
  const waiting = new Set<() => void>()

  function tryAcquire(mailboxes: readonly string[]): boolean {
    const wanted = new Map<string, number>()
    for (const mailbox of mailboxes) wanted.set(mailbox, (wanted.get(mailbox) ?? 0) + 1)
    for (const [mailbox, count] of wanted)
      if ((inside.get(mailbox) ?? 0) + count > maxPerMailbox) return false
    for (const [mailbox, count] of wanted) inside.set(mailbox, (inside.get(mailbox) ?? 0) + count)
    return true
  }

  return {
    async acquire(mailboxes, signal) {
      signal.throwIfAborted()
      if (tryAcquire(mailboxes)) return
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          waiting.delete(again)
          reject(signal.reason)
        }
        const again = () => {
          if (!tryAcquire(mailboxes)) return
          waiting.delete(again)
          signal.removeEventListener('abort', stop)
          resolve()
        }
        waiting.add(again)
        signal.addEventListener('abort', stop, { once: true })
      })
    },
    release(mailboxes) {
      for (const mailbox of mailboxes) {
        const left = (inside.get(mailbox) ?? 0) - 1
        if (left > 0) inside.set(mailbox, left)
        else inside.delete(mailbox)
      }
      for (const again of [...waiting]) again()
    }
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
