/** The calls about one calendar's subscription, in the order that brings it about, and what their responses change. */
import { RemoteError } from '../../../errors.ts'
import type { GraphResponse } from '../client/batch-response.ts'
import type { GraphRequest } from '../client/graph-client.ts'
import type { NotificationUrls } from '../notifications/url.ts'
import {
  conflictingId,
  duplicateSubscription,
  malformedResponse,
  type SubscriptionFailure,
  subscriptionError,
  toSubscriptionFailure
} from './errors.ts'
import type { ExistingSubscriptions } from './existing-subscriptions.ts'
import { createRequest, deleteRequest, lifetimeMs, parseSubscription, renewRequest } from './requests.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { SubscriptionStates } from './subscription-states.ts'

export interface SubscriptionTask {
  readonly request: GraphRequest
  readonly state: SubscriptionState | null
  readonly onResponse: (response: GraphResponse | RemoteError) => void
}

export interface SubscriptionTasksDeps {
  readonly clientId: string
  readonly notificationUrls: NotificationUrls
  readonly clock: () => number
  readonly states: SubscriptionStates
  readonly existing: ExistingSubscriptions
  readonly onFailure: (state: SubscriptionState, failure: SubscriptionFailure) => void
}

export class SubscriptionTasks {
  readonly #deps: SubscriptionTasksDeps

  constructor(deps: SubscriptionTasksDeps) {
    this.#deps = deps
  }

  /** Deletes what is in the way, else creates, else renews. */
  taskFor(state: SubscriptionState): SubscriptionTask {
    const { mailbox, targetId, id, obsolete } = state
    const [old] = obsolete
    state.isBusy = true
    if (old !== undefined) {
      const request = deleteRequest(mailbox, old)
      return { state, request, onResponse: (response) => this.#onOldDeleted(state, response) }
    }
    const now = this.#deps.clock()
    if (id === null) {
      const request = createRequest(mailbox, this.#deps.notificationUrls.endpointOf(targetId), now)
      return { state, request, onResponse: (response) => this.#onCreated(state, response) }
    }
    const asked = { id, expires: now + lifetimeMs }
    const request = renewRequest(mailbox, id, now)
    return { state, request, onResponse: (response) => this.#onRenewed(state, asked, response) }
  }

  #onCreated(state: SubscriptionState, response: GraphResponse | RemoteError): void {
    if (response instanceof RemoteError) {
      this.#deps.onFailure(state, toSubscriptionFailure(response))
      return
    }
    if (response.status === 409) {
      this.#onConflict(state, response)
      return
    }
    if (!isSuccess(response)) {
      this.#deps.onFailure(state, this.#failureIn(response, state))
      return
    }
    const held = parseSubscription(response.body)
    if (held === null) this.#deps.onFailure(state, toSubscriptionFailure(malformedResponse))
    else state.onRenewed(held, this.#deps.clock())
  }

  /** A renewal may be answered 204 without a body: then it lasts until what was asked for. */
  #onRenewed(
    state: SubscriptionState,
    asked: { readonly id: string; readonly expires: number },
    response: GraphResponse | RemoteError
  ): void {
    if (response instanceof RemoteError) {
      this.#deps.onFailure(state, toSubscriptionFailure(response))
      return
    }
    if (response.status === 404) {
      state.onLost()
      return
    }
    if (!isSuccess(response)) {
      this.#deps.onFailure(state, this.#failureIn(response, state))
      return
    }
    const held = response.status === 204 ? asked : parseSubscription(response.body)
    if (held === null) this.#deps.onFailure(state, toSubscriptionFailure(malformedResponse))
    else state.onRenewed(held, this.#deps.clock())
  }

  /** There is one already: of another spelling of this mailbox, or it is sought in the list, to be adopted or make room. */
  #onConflict(state: SubscriptionState, response: GraphResponse): void {
    const id = conflictingId(response.body)
    const holder = id === null ? undefined : this.#deps.states.holderOf(id)
    if (holder !== undefined && holder !== state && !holder.isStopped) {
      state.conflicts = 0
      this.#deps.states.join(state, holder)
      return
    }
    state.conflicts += 1
    const owner = this.#deps.existing.otherOwnerOf(state.mailbox)
    if (state.conflicts === 1 && owner === null) {
      this.#deps.existing.seek(state)
      return
    }
    state.conflicts = 0
    const error = duplicateSubscription(state.mailbox, owner === 'otherTenant')
    state.onFailure({ error, isApplicationWide: false, retryPolicy: 'perMailbox' })
  }

  #onOldDeleted(state: SubscriptionState, response: GraphResponse | RemoteError): void {
    if (response instanceof RemoteError) this.#deps.onFailure(state, toSubscriptionFailure(response))
    else if (isSuccess(response) || response.status === 404) state.obsolete.shift()
    else this.#deps.onFailure(state, this.#failureIn(response, state))
  }

  #failureIn(response: GraphResponse, { mailbox }: SubscriptionState): SubscriptionFailure {
    const { clientId, notificationUrls } = this.#deps
    return subscriptionError(response, { mailbox, clientId, host: notificationUrls.host })
  }
}

function isSuccess({ status }: GraphResponse): boolean {
  return status >= 200 && status < 300
}
