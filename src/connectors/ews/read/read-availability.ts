/** Access `delegate`: GetUserAvailability for up to a hundred mailboxes, with the account's own rights in each. */
import type { CalendarEvent, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { CalendarRead, PartialRead, Target } from '../../connector.ts'
import type { Calls } from '../client/ews-client.ts'
import { grantReviewer } from '../errors.ts'
import { availabilityRequest } from '../soap/requests.ts'
import { type Availability, availabilityReader } from './availability-response.ts'

export interface Seen extends Pick<CalendarRead, 'detail' | 'partialRead'> {
  readonly events: readonly CalendarEvent[]
}

/** Reads one window of many mailboxes; one answer for each, in order. Rejects never. */
export type ReadAll = (
  targets: readonly Target[],
  window: Span,
  subjects: boolean,
  signal: AbortSignal
) => Promise<readonly (Seen | RemoteError)[]>

export const mostMailboxes = 100

export function availabilityOf(needs: { calls: Calls; account: string }): ReadAll {
  /**
   * Mailboxes of a call that failed as a whole, with the size of the calls that they are to go in now: one of them
   * may be why, and four steps find it among a hundred.
   */
  const suspects = new Map<string, number>()

  async function ask(
    targets: readonly Target[],
    window: Span,
    subjects: boolean,
    signal: AbortSignal
  ): Promise<readonly (Seen | RemoteError)[]> {
    const mailboxes = targets.map(({ mailbox }) => mailbox)
    const { availabilityDays } = needs.calls.version
    if (window.end - window.start > availabilityDays * 86_400_000) return targets.map(() => tooLong)
    try {
      const { found } = await needs.calls.send(
        {
          operation: 'GetUserAvailability',
          body: availabilityRequest(mailboxes, window, subjects ? 'Detailed' : 'FreeBusy'),
          impersonated: null,
          header: ({ availabilityHeader }) => availabilityHeader,
          answer: () => availabilityReader(targets.map(({ timeZone }) => timeZone)),
          verdict: () => null
        },
        signal
      )
      for (const mailbox of mailboxes) suspects.delete(mailbox)
      // They are told apart by their places alone.
      if (found.length !== targets.length) throw unlike(found, needs.calls)
      return targets.map((target, index) => seenOf(found[index]!, target, subjects, needs))
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error
      const spoilt = error.code === 'protocol_error' || error.code === 'unreachable'
      const theirs = error.scope === 'mailbox' || signal.aborted
      if (spoilt && theirs && targets.length > 1) {
        for (const mailbox of mailboxes) suspects.set(mailbox, Math.ceil(targets.length / 4))
      }
      return targets.map(() => error)
    }
  }

  return async (targets, window, subjects, signal) => {
    const answers = new Map<Target, Seen | RemoteError>()
    const batches = inBatches(targets, suspects)
    await Promise.all(
      batches.map(async (batch) => {
        const seen = await ask(batch, window, subjects, signal)
        for (const [index, target] of batch.entries()) answers.set(target, seen[index] ?? miscounted)
      })
    )
    return targets.map((target) => answers.get(target) ?? miscounted)
  }
}

/** Suspects of one size go together; all others in calls as large as may be. */
function inBatches(targets: readonly Target[], suspects: ReadonlyMap<string, number>): Target[][] {
  const bySize = new Map<number, Target[]>()
  for (const target of targets) {
    const size = suspects.get(target.mailbox) ?? mostMailboxes
    bySize.set(size, [...(bySize.get(size) ?? []), target])
  }
  return [...bySize].flatMap(([size, those]) => {
    const batches: Target[][] = []
    for (let at = 0; at < those.length; at += size) batches.push(those.slice(at, at + size))
    return batches
  })
}

function seenOf(
  { verdict, view, events, fault }: Availability,
  { mailbox }: Target,
  subjects: boolean,
  { calls, account }: { calls: Calls; account: string }
): Seen | RemoteError {
  if (verdict.code !== 'NoError') return calls.errorOf(verdict, mailbox, false)
  // A merged view has no events; to take it for an empty calendar would open everybody's phone.
  if (!/^(Detailed|FreeBusy)(Merged)?$/.test(view)) return onlyMerged(mailbox)
  if (fault !== null) return fault
  if (!subjects) return { events, detail: 'availability', partialRead: null }
  if (view.startsWith('Detailed')) return { events, detail: 'subjects-only', partialRead: null }
  return { events, detail: 'availability', partialRead: shortfallOf(mailbox, account, calls) }
}

function shortfallOf(mailbox: string, account: string, { version }: Calls): PartialRead {
  const command = grantReviewer({ mailbox, account, version, access: 'delegate' })
  return {
    code: 'subject_not_readable',
    hint: `Only when ${mailbox} is busy can be seen, so triggers cannot match: grant Reviewer on the calendar: ${command}`
  }
}

function onlyMerged(mailbox: string): RemoteError {
  return new RemoteError(
    'access_denied',
    `Of ${mailbox} nothing but a summary can be seen: it is a group, or of another organisation. Write the address of one mailbox, or have its free/busy times shared.`
  )
}

/** Read in part it would look free at its end. */
const tooLong = new RemoteError(
  'protocol_error',
  'This version of Exchange shows no window that long at a time (42 days, from 2010 on 62): ask for a shorter one.'
)

/** What befell the call as a whole may be told once instead of for each. */
function unlike(found: readonly Availability[], calls: Calls): RemoteError {
  const [only] = found
  const refused = found.length === 1 && only !== undefined && only.verdict.code !== 'NoError'
  return refused ? calls.errorOf(only.verdict, null, false) : miscounted
}

const miscounted = new RemoteError(
  'protocol_error',
  "Exchange's reply has more mailboxes, or fewer, than were asked for, so none was read: report it."
)
