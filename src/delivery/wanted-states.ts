/** What the next users of a consumer are to have: read when it is sent, so that the newest wins. */
import type { Instant } from '../domain/calendar-event.ts'
import { nextSlice } from '../lib/time-slices.ts'
import type { StatusService } from '../status/status-service.ts'
import type { TenantView } from '../status/tenant-view.ts'
import type { AcknowledgedStates } from './acknowledged-states.ts'
import type { WantedState } from './consumer.ts'
import { createFilter } from './consumer-filter.ts'
import type { CommonSettings } from './consumer-settings.ts'
import type { DeliveryQueue, QueuedUser } from './delivery-queue.ts'
import type { AnyConsumerKind } from './kinds.ts'
import { showStatus } from './shown-status.ts'

export interface TakenUser {
  readonly queued: QueuedUser
  readonly wanted: WantedState
}

export interface WantedStatesDeps {
  readonly tenant: string
  readonly kind: AnyConsumerKind
  readonly common: CommonSettings
  readonly statusService: Pick<StatusService, 'view' | 'loadedView'>
  readonly clock: () => Instant
}

export class WantedStates {
  readonly #deps: WantedStatesDeps
  readonly #states: AcknowledgedStates
  readonly #includes: (extension: string) => boolean

  constructor(deps: WantedStatesDeps, states: AcknowledgedStates) {
    this.#deps = deps
    this.#states = states
    this.#includes = createFilter(deps.common.users)
  }

  /** The next users whom the consumer does not have as they are wanted; the others are acknowledged. */
  async take(queue: DeliveryQueue, now: number): Promise<readonly TakenUser[]> {
    const { kind, tenant, statusService } = this.#deps
    const view = statusService.loadedView(tenant) ?? (await statusService.view(tenant))
    const taken: TakenUser[] = []
    while (view !== null && taken.length < kind.maxUsersPerSend) {
      const next = queue.take(kind.maxUsersPerSend - taken.length, now)
      if (next.length === 0) break
      const done: QueuedUser[] = []
      for (const queued of next) {
        const wanted = this.#wantedOf(view, queued)
        if (this.#isToSend(wanted, queued, view.user(queued.user) === null)) taken.push({ queued, wanted })
        else done.push(queued)
      }
      queue.acknowledge(done)
      if (done.length > 0) await nextSlice()
    }
    return taken
  }

  #wantedOf(view: TenantView, { user, extension: lastKnown }: QueuedUser): WantedState {
    const { common, clock } = this.#deps
    const state = view.user(user)
    const known = this.#states.get(user)
    const audience = { sensitive: common.sensitive, unmaskedUser: null }
    const show = { context: view.context, now: clock(), audience, privacy: common.privacy }
    const status = state !== null && this.#includes(state.extension) ? showStatus(state, show) : null
    const extension = status?.extension ?? known?.extension ?? lastKnown
    return { user, extension, status, acknowledged: known?.digest ? known : null }
  }

  #isToSend(wanted: WantedState, { isForced, extension }: QueuedUser, isGone: boolean): boolean {
    if (this.#deps.kind.keeps === 'states')
      return !this.#states.has(wanted) || (isForced && wanted.status !== null)
    // A user whom the filter leaves out was never sent.
    return wanted.status !== null || (isGone && this.#includes(extension))
  }
}
