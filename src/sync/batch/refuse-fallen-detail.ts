/**
 * A mailbox that has moved goes on answering by GetUserAvailability, which asks the cloud and tells times alone. So of a tenant with several
 * connections a calendar that shows no subjects any more, while others do, is not taken as read: it is looked for elsewhere first.
 */
import type { ReadResult } from '../../connectors/connector.ts'
import { RemoteError } from '../../errors.ts'
import type { BatchContext } from './batch-context.ts'
import type { PlannedTarget } from './planned-target.ts'

/** Of results of reading: those that fell, each as the failure that says so. */
export function refuseFallenDetail(
  { placement, timers, pollMs }: Pick<BatchContext, 'placement' | 'timers' | 'pollMs'>,
  planned: readonly PlannedTarget[],
  results: Map<string, ReadResult>
): void {
  if (placement === null) return
  const now = timers.now()
  for (const result of results.values()) {
    if (result.outcome === 'read' && result.detail !== 'availability') placement.onDetailed(now)
  }
  for (const { key, state, records, subjects } of planned) {
    const result = results.get(key)
    if (!subjects || result?.outcome !== 'read' || result.detail !== 'availability') continue
    const hadDetail = records.some(({ sync }) => sync.detail !== null && sync.detail !== 'availability')
    if (!hadDetail || placement.wasFoundNowhere(state.users)) continue
    // Where nobody shows subjects any more, it is a right that was lost, and no move.
    if (now - placement.detailedAt > 2 * pollMs) continue
    results.set(key, { outcome: 'failed', error: fallen })
  }
}

const fallen = new RemoteError(
  'subject_not_readable',
  'The mailbox shows times alone, and showed subjects before: it was moved, or its right was taken back. It is looked for over the other connections.',
  { isMailboxAbsent: true }
)
