/** Callers that wait until certain targets of a queue were read. */

interface Waiter {
  readonly left: Set<string>
  readonly resolve: (isRead: boolean) => void
}

export class CompletionWaiters {
  #waiters: Set<Waiter> | null = null

  /** Resolves when none of the targets is left; false: the queue was dropped before. */
  wait(targets: readonly string[]): Promise<boolean> {
    if (targets.length === 0) return Promise.resolve(true)
    this.#waiters ??= new Set()
    return new Promise((resolve) => this.#waiters!.add({ left: new Set(targets), resolve }))
  }

  /** These were read. */
  complete(targets: readonly string[]): void {
    for (const waiter of this.#waiters ?? []) {
      for (const target of targets) waiter.left.delete(target)
      if (waiter.left.size > 0) continue
      this.#waiters!.delete(waiter)
      waiter.resolve(true)
    }
  }

  /** Resolves all to `isRead`. */
  completeAll(isRead: boolean): void {
    for (const { resolve } of this.#waiters ?? []) resolve(isRead)
    this.#waiters = null
  }
}
