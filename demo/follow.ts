/** Follows one tenant by long polling, as a switch would: the first answer whole, then only what changed. */
import { type ApiClient, ApiError, type ChangesAnswer, type DemoStatus } from './api.ts'

/** The longest that the service lets a caller wait. */
const WAIT_SECONDS = 55

export interface TenantStatuses {
  readonly statuses: readonly DemoStatus[]
  /** The users that changed; at first all. */
  readonly changed: readonly string[]
}

/** Calls `onChanges` at once and then for every change, until `signal` is aborted. */
export async function followChanges(
  api: ApiClient,
  tenant: string,
  onChanges: (followed: TenantStatuses) => void,
  signal: AbortSignal
): Promise<void> {
  const root = `/v1/tenants/${tenant}`
  while (!signal.aborted) {
    const whole = await api.get<{ cursor: string; statuses: DemoStatus[] }>(`${root}/statuses`)
    const held = new Map(whole.statuses.map((status) => [status.user, status]))
    let { cursor } = whole
    let changed: readonly string[] = [...held.keys()]
    for (;;) {
      for (const user of changed) {
        if (held.has(user)) held.set(user, await api.get(`${root}/users/${user}/status?explain=true`))
      }
      onChanges({ statuses: [...held.values()], changed })
      if (signal.aborted) return
      const path = `${root}/changes?cursor=${encodeURIComponent(cursor)}&wait=${WAIT_SECONDS}`
      let answer: ChangesAnswer
      try {
        answer = await api.get<ChangesAnswer>(path)
      } catch (error) {
        // 410: the cursor expired. Begin again with all statuses.
        if (error instanceof ApiError && error.status === 410) break
        throw error
      }
      cursor = answer.cursor
      changed = answer.changes.map(({ user }) => user)
      for (const change of answer.changes) {
        if ('removed' in change) held.delete(change.user)
        else held.set(change.user, change)
      }
    }
  }
}
