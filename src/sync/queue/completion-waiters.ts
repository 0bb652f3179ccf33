/** Those who wait until certain targets of a line were read. */

export interface CompletionWaiters {
  /** Resolves when none of the targets is left; false: the line was dropped before. */
  wait(targets: readonly string[]): Promise<boolean>
  /** Nobody waits for these any more. */
  complete(targets: readonly string[]): void
  /** Nor for any other. `read` is what they are told. */
  completeAll(read: boolean): void
}

export function createCompletionWaiters(): CompletionWaiters {
  const waiting = new Set<{ readonly left: Set<string>; readonly tell: (read: boolean) => void }>()
  return {
    wait(targets) {
      if (targets.length === 0) return Promise.resolve(true)
      return new Promise((tell) => waiting.add({ left: new Set(targets), tell }))
    },
    complete(targets) {
      for (const one of waiting) {
        for (const target of targets) one.left.delete(target)
        if (one.left.size > 0) continue
        waiting.delete(one)
        one.tell(true)
      }
    },
    completeAll(read) {
      for (const { tell } of waiting) tell(read)
      waiting.clear()
    }
  }
}
