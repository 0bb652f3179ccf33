/** A Status as a consumer may see it, by its `privacy`. */
import { AVAILABLE, labelOf } from '../domain/diversion.ts'
import { statusAt } from '../domain/status.ts'
import type { Audience } from '../status/audience.ts'
import { type TenantContext, timelineFor, toStatus, type UserState } from '../status/user-state.ts'
import type { ConsumerStatus } from './consumer.ts'

export const privacies = ['label', 'generic', 'open-closed'] as const
/**
 * `label`: the diversion and its times. `generic`: whether the person is reachable, and when again, not why. `open-closed`: whether
 * calls reach the person, and nothing else.
 */
export type Privacy = (typeof privacies)[number]

/** The code that stands for every closed diversion where the reason is not told. */
export const UNAVAILABLE = 'unavailable'

/** By language; any other is English. */
const unavailableLabels: Readonly<Record<string, string>> = {
  sv: 'Ej anträffbar',
  en: 'Unavailable',
  nb: 'Utilgjengelig',
  no: 'Utilgjengelig',
  nn: 'Utilgjengeleg',
  da: 'Ikke til stede',
  fi: 'Ei tavoitettavissa'
}

export interface ShowOptions {
  readonly context: TenantContext
  readonly now: number
  readonly audience: Audience
  readonly privacy: Privacy
}

export function showStatus(
  user: UserState,
  { context, now, audience, privacy }: ShowOptions
): ConsumerStatus {
  const status = toStatus(user, statusAt(timelineFor(user, context, audience), now), context, now)
  const activity = context.catalogue.find(status.diversion).activity ?? null
  if (privacy === 'label') return { ...status, activity }
  const isOpen = status.phone === 'open'
  const generic: ConsumerStatus = {
    ...status,
    diversion: isOpen ? AVAILABLE : UNAVAILABLE,
    label: isOpen
      ? labelOf(context.catalogue.find(AVAILABLE), context.language)
      : labelOf({ code: UNAVAILABLE, labels: unavailableLabels, phone: 'closed' }, context.language),
    activity: isOpen ? null : 'busy',
    since: null,
    // The next reason is a reason too: the end is that of the closed phone.
    until: isOpen ? null : status.reachableAt,
    untilKind: isOpen ? 'indefinite' : status.reachableAt === null ? 'unknown' : 'known',
    next: null,
    source: 'calendar'
  }
  if (privacy === 'generic') return generic
  return {
    ...generic,
    label: '',
    activity: null,
    until: null,
    untilKind: 'unknown',
    reachableAt: null,
    forwardTo: null
  }
}
