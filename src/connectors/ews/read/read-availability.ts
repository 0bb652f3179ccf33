/** Access `delegate`: GetUserAvailability for up to a hundred mailboxes, with the account's own rights in each. */
import type { CalendarEvent, Instant, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { CalendarRead, PartialRead, Target } from '../../connector.ts'
import type { EwsClient } from '../client/ews-client.ts'
import { grantReviewer } from '../errors.ts'
import { availabilityRequest } from '../soap/requests.ts'
import { type Availability, availabilityReader } from './availability-response.ts'

export interface MailboxRead extends Pick<CalendarRead, 'detail' | 'partialRead'> {
  readonly events: readonly CalendarEvent[]
}

/** Reads one window of many mailboxes; one answer for each, in order. Rejects never. */
export type ReadMailboxes = (
  targets: readonly Target[],
  window: Span,
  subjects: boolean,
  signal: AbortSignal
) => Promise<readonly (MailboxRead | RemoteError)[]>

export const maxMailboxesPerCall = 100
/** Milliseconds. No part of a window that is read in parts is shorter; the merged view asks for an hour at the least. */
const minPartMs = 2 * 3_600_000
/** responsecode.md: "too many calendar entries for a user in a time window"; the allowed size is 1,000. */
const tooManyEntries = 'ErrorResultSetTooBig'

export function readByAvailability(deps: { client: EwsClient; account: string }): ReadMailboxes {
  /**
   * Mailboxes of a call that failed as a whole, with the size of the calls that they are to go in now: one of them
   * may be why, and four steps find it among a hundred.
   */
  const batchSizes = new Map<string, number>()

  async function ask(
    targets: readonly Target[],
    window: Span,
    subjects: boolean,
    signal: AbortSignal
  ): Promise<readonly (MailboxRead | RemoteError | typeof tooManyEntries)[]> {
    const mailboxes = targets.map(({ mailbox }) => mailbox)
    const { availabilityDays } = deps.client.version
    if (window.end - window.start > availabilityDays * 86_400_000)
      return targets.map(() => windowTooLongError)
    try {
      const { found } = await deps.client.send(
        {
          operation: 'GetUserAvailability',
          body: availabilityRequest(mailboxes, window, subjects ? 'Detailed' : 'FreeBusy'),
          impersonated: null,
          hasHeader: ({ availabilityHeader }) => availabilityHeader,
          createReader: () => availabilityReader(targets.map(({ timeZone }) => timeZone)),
          statusOf: () => null
        },
        signal
      )
      for (const mailbox of mailboxes) batchSizes.delete(mailbox)
      // Their order alone says which is whose.
      if (found.length !== targets.length) throw countMismatch(found, deps.client)
      return targets.map((target, index) => toMailboxRead(found[index]!, target, subjects, deps))
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error
      const isUnreadable = error.code === 'protocol_error' || error.code === 'unreachable'
      const isMailboxScope = error.scope === 'mailbox' || signal.aborted
      if (isUnreadable && isMailboxScope && targets.length > 1) {
        for (const mailbox of mailboxes) batchSizes.set(mailbox, Math.ceil(targets.length / 4))
      }
      return targets.map(() => error)
    }
  }

  /** Halves the window of one mailbox until each part holds no more entries than Exchange shows. */
  async function askInParts(
    target: Target,
    window: Span,
    subjects: boolean,
    signal: AbortSignal
  ): Promise<MailboxRead | RemoteError> {
    if (window.end - window.start < 2 * minPartMs) {
      const status = { code: tooManyEntries, inner: null, backOffMs: null }
      return deps.client.errorOf(status, target.mailbox, false)
    }
    const middle = Math.floor((window.start + window.end) / 2000) * 1000
    const parts: MailboxRead[] = []
    for (const span of [
      { start: window.start, end: middle },
      { start: middle, end: window.end }
    ]) {
      const [found = countMismatchError] = await ask([target], span, subjects, signal)
      const part = found === tooManyEntries ? await askInParts(target, span, subjects, signal) : found
      if (part instanceof RemoteError) return part
      parts.push(part)
    }
    return joinParts(parts[0]!, parts[1]!, middle)
  }

  return async (targets, window, subjects, signal) => {
    const answers = new Map<Target, MailboxRead | RemoteError>()
    const batches = splitBatches(targets, batchSizes)
    await Promise.all(
      batches.map(async (batch) => {
        const seen = await ask(batch, window, subjects, signal)
        for (const [index, target] of batch.entries()) {
          const found = seen[index] ?? countMismatchError
          answers.set(
            target,
            found === tooManyEntries ? await askInParts(target, window, subjects, signal) : found
          )
        }
      })
    )
    return targets.map((target) => answers.get(target) ?? countMismatchError)
  }
}

/** Suspects of one size go together; all others in calls as large as may be. */
function splitBatches(targets: readonly Target[], batchSizes: ReadonlyMap<string, number>): Target[][] {
  const bySize = new Map<number, Target[]>()
  for (const target of targets) {
    const size = batchSizes.get(target.mailbox) ?? maxMailboxesPerCall
    bySize.set(size, [...(bySize.get(size) ?? []), target])
  }
  return [...bySize].flatMap(([size, those]) => {
    const batches: Target[][] = []
    for (let at = 0; at < those.length; at += size) batches.push(those.slice(at, at + size))
    return batches
  })
}

function toMailboxRead(
  { status, view, events, fault }: Availability,
  { mailbox }: Target,
  subjects: boolean,
  { client, account }: { client: EwsClient; account: string }
): MailboxRead | RemoteError | typeof tooManyEntries {
  if (status.code === tooManyEntries) return tooManyEntries
  if (status.code !== 'NoError') return client.errorOf(status, mailbox, false)
  // A merged view has no events; to take it for an empty calendar would open everybody's phone.
  if (!/^(Detailed|FreeBusy)(Merged)?$/.test(view)) return mergedOnlyError(mailbox)
  if (fault !== null) return fault
  if (!subjects) return { events, detail: 'availability', partialRead: null }
  if (view.startsWith('Detailed')) return { events, detail: 'subjects-only', partialRead: null }
  return { events, detail: 'availability', partialRead: detailsMissing(mailbox, account, client) }
}

/** An event over the border of two parts is in both, whole. Ids count the events of one reply, so they are given anew. */
function joinParts(first: MailboxRead, second: MailboxRead, border: Instant): MailboxRead {
  const events = [...first.events, ...second.events.filter(({ start }) => start >= border)]
  const lesser = first.detail === 'availability' ? first : second
  return { ...lesser, events: events.map((event, index) => ({ ...event, id: String(index) })) }
}

function detailsMissing(mailbox: string, account: string, { version }: EwsClient): PartialRead {
  const command = grantReviewer({ mailbox, account, version, access: 'delegate' })
  return {
    code: 'subject_not_readable',
    hint: `Only when ${mailbox} is busy can be seen, so triggers cannot match: grant Reviewer on the calendar: ${command}`
  }
}

function mergedOnlyError(mailbox: string): RemoteError {
  return new RemoteError(
    'access_denied',
    `Of ${mailbox} nothing but a summary can be seen: it is a group, or of another organisation. Write the address of one mailbox, or have its free/busy times shared.`
  )
}

/** Read in part it would look free at its end. */
const windowTooLongError = new RemoteError(
  'protocol_error',
  'This version of Exchange shows no window that long at a time (42 days, from 2010 on 62): ask for a shorter one.'
)

/** An error of the call as a whole may be answered once instead of for each mailbox. */
function countMismatch(found: readonly Availability[], client: EwsClient): RemoteError {
  const [only] = found
  const refused = found.length === 1 && only !== undefined && only.status.code !== 'NoError'
  return refused ? client.errorOf(only.status, null, false) : countMismatchError
}

const countMismatchError = new RemoteError(
  'protocol_error',
  "Exchange's reply has more mailboxes, or fewer, than were asked for, so none was read: report it."
)
