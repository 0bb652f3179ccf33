/** Subscriptions that are to be deleted at Graph, each tried a few times. */
import { RemoteError } from '../../../errors.ts'
import type { GraphResponse } from '../client/batch-response.ts'
import { isTransient } from '../errors.ts'
import type { SubscriptionState } from './subscription-state.ts'

export interface PendingDelete {
  readonly mailbox: string
  readonly id: string
  /** The calendar that was stopped, when this is all that Graph holds for it. */
  readonly lastOf: SubscriptionState | null
  tries: number
}

const maxTries = 3

export class DeleteQueue {
  readonly #pending: PendingDelete[] = []
  readonly #onReleased: (state: SubscriptionState) => void

  /** `onReleased`: Graph holds nothing for this calendar any more, or is given up on. */
  constructor(onReleased: (state: SubscriptionState) => void) {
    this.#onReleased = onReleased
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  add(mailbox: string, id: string, lastOf: SubscriptionState | null = null): void {
    this.#pending.push({ mailbox, id, lastOf, tries: 0 })
  }

  take(max: number): PendingDelete[] {
    return this.#pending.splice(0, Math.max(0, Math.floor(max)))
  }

  /** The rest expires within a week; its notifications until then match no calendar and are dropped. */
  onResponse(pending: PendingDelete, response: GraphResponse | RemoteError): void {
    pending.tries += 1
    const mayPass = response instanceof RemoteError || isTransient(response)
    if (mayPass && pending.tries < maxTries) this.#pending.push(pending)
    else if (pending.lastOf !== null) this.#onReleased(pending.lastOf)
  }
}
