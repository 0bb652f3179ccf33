/** Exchange's words for what a calendar event is, as ours. What is new or missing is taken for what hides the most. */
import type { BusyStatus, Response, Visibility } from '../../../domain/calendar-event.ts'

const busyStatuses = new Map<string, BusyStatus>([
  ['Free', 'free'],
  ['Tentative', 'tentative'],
  ['Busy', 'busy'],
  ['OOF', 'oof'],
  ['WorkingElsewhere', 'workingElsewhere']
])

/** BusyType and LegacyFreeBusyStatus. NoData, and what a later version may add, is unknown. */
export function toBusyStatus(text: string): BusyStatus {
  return busyStatuses.get(text) ?? busyStatuses.get(text.trim()) ?? 'unknown'
}

/** Personal hides nothing. */
export function toVisibility(text: string): Visibility {
  if (text === 'Normal' || text === 'Personal' || text === '') return 'normal'
  return text === 'Confidential' ? 'confidential' : 'private'
}

const responses = new Map<string, Response>([
  ['Unknown', 'none'],
  ['Organizer', 'organizer'],
  ['Tentative', 'tentative'],
  ['Accept', 'accepted'],
  ['Decline', 'declined'],
  ['NoResponseReceived', 'notResponded']
])

/** MyResponseType. Where it is missing, Tentative counts as unanswered. */
export function toResponse(text: string, busy: BusyStatus): Response {
  return responses.get(text) ?? (busy === 'tentative' ? 'notResponded' : 'organizer')
}
