/** Rules and events for the tests of the core: a small catalogue and what tests vary of it. */
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import type { Diversion, Phone } from '../../src/domain/diversion.ts'
import type { RuleSet } from '../../src/domain/rule-set.ts'

const diversion = (code: string, phone: Phone): Diversion => ({ code, labels: { sv: code, en: code }, phone })

export const catalogue: readonly Diversion[] = [
  diversion('sick', 'closed'),
  diversion('vacation', 'closed'),
  diversion('out-of-office', 'closed'),
  diversion('meeting', 'closed'),
  diversion('lunch', 'closed'),
  diversion('busy', 'closed'),
  diversion('working-from-home', 'open'),
  diversion('available', 'open')
]

export function rulesWith(changes: Partial<RuleSet> = {}): RuleSet {
  return {
    diversions: catalogue,
    triggers: [
      { match: 'word', text: 'MÖT', diversion: 'meeting' },
      { match: 'word', text: 'LUN', diversion: 'lunch' },
      { match: 'prefix', text: 'HEM:', diversion: 'working-from-home' },
      { match: 'word', text: 'ÖPPEN', diversion: 'meeting', phone: 'open' },
      { match: 'word', text: 'TILL', diversion: 'available' },
      { match: 'category', text: 'Semester', diversion: 'vacation' }
    ],
    availability: {
      free: null,
      tentative: null,
      busy: 'busy',
      oof: 'out-of-office',
      workingElsewhere: null
    },
    private: 'match',
    allDay: 'trigger-or-oof',
    invitations: 'accepted',
    forwardTargets: 'off',
    forwardAllowed: [],
    extraTriggers: [],
    maskedAs: 'out-of-office',
    ...changes
  }
}

export function eventWith(changes: Partial<CalendarEvent> = {}): CalendarEvent {
  return {
    id: '1',
    subject: '',
    start: 0,
    end: 3_600_000,
    allDay: false,
    busy: 'busy',
    visibility: 'normal',
    cancelled: false,
    response: 'organizer',
    categories: [],
    ...changes
  }
}
