/** Exchange Online takes at most four requests of an application at a time to one mailbox. */

const atOnce = 4

export interface MailboxGate {
  /** Resolves when all of these may be called; give them back by `leave`. Rejects when the signal aborts first. */
  enter(mailboxes: readonly string[], signal: AbortSignal): Promise<void>
  leave(mailboxes: readonly string[]): void
}

/** Never ask for one mailbox more than four times in one `enter`. */
export function mailboxGate(): MailboxGate {
  const inside = new Map<string, number>()
  const waiting = new Set<() => void>()

  function tryEnter(mailboxes: readonly string[]): boolean {
    const wanted = new Map<string, number>()
    for (const mailbox of mailboxes) wanted.set(mailbox, (wanted.get(mailbox) ?? 0) + 1)
    for (const [mailbox, count] of wanted) if ((inside.get(mailbox) ?? 0) + count > atOnce) return false
    for (const [mailbox, count] of wanted) inside.set(mailbox, (inside.get(mailbox) ?? 0) + count)
    return true
  }

  return {
    async enter(mailboxes, signal) {
      signal.throwIfAborted()
      if (tryEnter(mailboxes)) return
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          waiting.delete(again)
          reject(signal.reason)
        }
        const again = () => {
          if (!tryEnter(mailboxes)) return
          waiting.delete(again)
          signal.removeEventListener('abort', stop)
          resolve()
        }
        waiting.add(again)
        signal.addEventListener('abort', stop, { once: true })
      })
    },
    leave(mailboxes) {
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
      (batch) => batch.length < 20 && batch.filter(({ mailbox }) => mailbox === call.mailbox).length < atOnce
    )
    if (room === undefined) batches.push([call])
    else room.push(call)
  }
  return batches
}
