/**
 * Digests of many mailboxes' availability, a hundred a call: what has the same digest was not moved, made or deleted. Where the
 * service account itself may read the details (Reviewer, LimitedDetails, by the mailbox's Default permission too), a change
 * of a subject alone changes the digest as well.
 */

import { RemoteError } from '../../../errors.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { ReadRequest } from '../../connector.ts'
import type { EwsClient } from '../client/ews-client.ts'
import { availabilityRequest, isSmtpAddress } from '../soap/requests.ts'
import { type Availability, availabilityReader } from './availability-response.ts'
import type { ImpersonationIds } from './impersonation-id.ts'
import { maxMailboxesPerCall } from './read-availability.ts'

/** `asOwner`: the sign-in is one that must impersonate; others see free/busy times by the default permission alone. */
export function createFingerprints(deps: { client: EwsClient; ids: ImpersonationIds; asOwner: boolean }) {
  const { client: calls, ids: names, asOwner } = deps

  async function ask(
    mailboxes: readonly string[],
    { window, signal }: ReadRequest
  ): Promise<(string | null)[]> {
    try {
      const { found } = await calls.send(
        {
          operation: 'GetUserAvailability',
          body: availabilityRequest(mailboxes, window, asOwner ? 'FreeBusy' : 'Detailed'),
          impersonated: asOwner ? names.idOf(mailboxes[0]!) : null,
          hasHeader: ({ availabilityHeader }) => availabilityHeader,
          createReader: () => availabilityReader([]),
          statusOf: () => null
        },
        signal
      )
      // Their order alone says which is whose.
      return mailboxes.map((_, index) =>
        found.length === mailboxes.length ? fingerprintOf(found[index]!) : null
      )
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error
      return mailboxes.map(() => null)
    }
  }

  return async (request: ReadRequest): Promise<readonly (string | null)[]> => {
    const { targets, window } = request
    if (window.end - window.start > calls.version.availabilityDays * 86_400_000)
      return targets.map(() => null)
    const keys = targets.map(({ mailbox }) => mailbox.toLowerCase())
    const asked = [...new Set(keys.filter(isSmtpAddress))]
    const batches: Promise<[string, string | null][]>[] = []
    for (let at = 0; at < asked.length; at += maxMailboxesPerCall) {
      const batch = asked.slice(at, at + maxMailboxesPerCall)
      const digests = ask(batch, request).catch(() => batch.map(() => null))
      batches.push(digests.then((all) => batch.map((mailbox, index) => [mailbox, all[index] ?? null])))
    }
    const digests = new Map((await Promise.all(batches)).flat())
    return keys.map((key) => digests.get(key) ?? null)
  }
}

/**
 * Null where not all is seen. Exchange lowers the view silently to what the caller may see (requestedview.md), which is the
 * same at every call with the account's own rights. The order of events is not part of the digest.
 */
function fingerprintOf({ status, view, events, fault }: Availability): string | null {
  if (status.code !== 'NoError' || fault !== null || !/^(Detailed|FreeBusy)(Merged)?$/.test(view)) return null
  const lines = events
    .map(({ start, end, busy, visibility, subject }) => `${start} ${end} ${busy} ${visibility} ${subject}`)
    .sort()
  return digestOf(lines.join('\n'))
}
