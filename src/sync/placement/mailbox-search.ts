/** The search for one mailbox: which connections were asked, what they said, and what follows. Pure. */
import type { MailboxHome } from '../../domain/sync-state.ts'
import type { ProbeAnswer } from './probe-mailboxes.ts'

/** `home`: it is there. `nowhere`: no connection has it. `open`: some are still to be asked. */
export type SearchOutcome =
  | { readonly kind: 'home'; readonly connection: string; readonly proof: MailboxHome['proof'] }
  | { readonly kind: 'nowhere' | 'open' }

/** After so many attempts without an answer a connection no longer keeps a mailbox from being placed at another. */
const maxSilences = 3

export class MailboxSearch {
  /** The connection that has it no longer; null: none was known. */
  readonly from: string | null
  readonly #answers = new Map<string, ProbeAnswer>()
  readonly #silences = new Map<string, number>()

  constructor(from: string | null) {
    this.from = from
  }

  /** The next connection to be asked, of all in their order; null: all have said something. */
  next(connections: readonly string[]): string | null {
    return connections.find((id) => id !== this.from && !this.#answers.has(id)) ?? null
  }

  onAnswer(connection: string, answer: ProbeAnswer): void {
    if (answer.kind === 'silent') {
      const silences = (this.#silences.get(connection) ?? 0) + 1
      this.#silences.set(connection, silences)
      // Transient trouble is no reason to leave, but a server that is gone must not keep new mailboxes waiting for good.
      if (this.from !== null || silences < maxSilences) return
    }
    this.#answers.set(connection, answer)
  }

  outcome(connections: readonly string[]): SearchOutcome {
    const here = this.#connectionsThatHaveIt(connections)
    if (this.from !== null && here.length > 0) return { kind: 'home', connection: here[0]!, proof: 'moved' }
    if (this.next(connections) !== null) return { kind: 'open' }
    if (here.length > 1) {
      const used = here.filter((id) => {
        const answer = this.#answers.get(id)
        return answer?.kind === 'here' && answer.isUsed
      })
      return used.length === 1
        ? { kind: 'home', connection: used[0]!, proof: 'events' }
        : { kind: 'home', connection: (used[0] ?? here[0])!, proof: 'order' }
    }
    const only = here[0] ?? connections.find((id) => this.#answers.get(id)?.kind === 'denied')
    if (only === undefined) return { kind: 'nowhere' }
    return { kind: 'home', connection: only, proof: this.from === null ? 'answered' : 'moved' }
  }

  /** Those that show more than times, where there is one: the others may have asked it. */
  #connectionsThatHaveIt(connections: readonly string[]): readonly string[] {
    const of = (isEnough: (answer: { readonly timesAlone: boolean }) => boolean) =>
      connections.filter((id) => {
        const answer = this.#answers.get(id)
        return answer?.kind === 'here' && isEnough(answer)
      })
    const detailed = of(({ timesAlone }) => !timesAlone)
    return detailed.length > 0 ? detailed : of(() => true)
  }
}
