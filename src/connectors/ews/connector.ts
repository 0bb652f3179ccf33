/** The connector to Exchange Web Services: a service account that reads many mailboxes of one Exchange organisation. */

import { setMaxListeners } from 'node:events'
import { RemoteError } from '../../errors.ts'
import { type After, machineTimers } from '../../lib/timers.ts'
import type { EwsConnection } from '../connection.ts'
import type { CalendarSubscription, Connector, ReadRequest, ReadResult } from '../connector.ts'
import { readUniqueTargets } from '../dedupe-targets.ts'
import type { HttpClient } from '../net/http-client.ts'
import { checkConnection } from './check-connection.ts'
import { openEndpoint } from './client/endpoint.ts'
import { ewsCalls } from './client/ews-client.ts'
import type { Environment } from './client/proxy.ts'
import { fingerprintsOf } from './read/fingerprints.ts'
import { mailboxNames } from './read/impersonation-id.ts'
import { type FarLook, farLook } from './read/lookahead.ts'
import { availabilityOf, mostMailboxes, type ReadAll, type Seen } from './read/read-availability.ts'
import { calendarsOf } from './read/read-calendars.ts'
import { isAddress } from './soap/requests.ts'
import { watching } from './streaming/streaming-manager.ts'

export interface EwsConnectorNeeds {
  readonly connection: EwsConnection
  /** For an application's tokens; the mail server is reached over connections of its own. Stays the caller's to close. */
  readonly outbound: HttpClient
  /** With it, http and private addresses are reachable too. */
  readonly allowPrivateTargets: boolean
  readonly clock?: () => number
  /** For what waits between streams. */
  readonly after?: After
  /** From 0 to below 1. */
  readonly random?: () => number
  /** For HTTPS_PROXY and NO_PROXY; no proxy unless given. */
  readonly environment?: Environment
}

/** A deadline that passes takes all of a read with it: twenty mailboxes, four at a time, are soon done. */
const impersonatedAtOnce = 20

/** The connection is used as it is: after a change, make another connector. Throws RemoteError for what none can use. */
export function ewsConnector(needs: EwsConnectorNeeds): Connector {
  const { connection, clock = Date.now, after = machineTimers.after, random = Math.random } = needs
  const { access, auth, version } = connection
  const endpoint = openEndpoint({ ...needs, clock })
  const account = auth.kind === 'oauth' ? auth.clientId : auth.user
  const calls = ewsCalls({ transport: endpoint.open, version, account, access, clock })
  const names = mailboxNames()
  const readAll = access === 'delegate' ? availabilityOf({ calls, account }) : calendarsOf({ calls, names })
  const fingerprints = fingerprintsOf({ calls, names, asOwner: auth.kind === 'oauth' })
  const heard = watching({ calls, names, account, after, clock, random })
  const far = farLook(clock)
  const read = async (request: ReadRequest) => {
    // Each of its calls listens, under way or waiting for a connection: more than Node takes for a leak.
    setMaxListeners(0, request.signal)
    const readings = await readUniqueTargets(request, (once) => readTargets(once, readAll, far))
    if (readings.some((one) => one.outcome === 'failed' && one.error.scope === 'connection'))
      endpoint.failed()
    return readings
  }
  return {
    batchSize: access === 'delegate' ? mostMailboxes : impersonatedAtOnce,
    read,
    check: (target, signal) => checkConnection(target, { endpoint, read, access, now: clock(), signal }),
    // Reading by availability is that very call.
    fingerprints: async (request) =>
      access === 'delegate' ? request.targets.map(() => null) : fingerprints(request),
    // Only their owners, and who impersonates them, are told of edits.
    subscribe: ({ mailbox }, listener) =>
      access === 'delegate' || !isAddress(mailbox) ? unwatched : heard.watch(mailbox, listener),
    async close() {
      await heard.close()
      endpoint.close()
    }
  }
}

const unwatched: CalendarSubscription = { onLifecycleEvent: () => {}, stop: () => {} }

async function readTargets(
  { targets, window, subjects, signal }: ReadRequest,
  readAll: ReadAll,
  far: FarLook
): Promise<readonly ReadResult[]> {
  const asked = targets.filter(({ mailbox }) => isAddress(mailbox))
  const answers = asked.length === 0 ? [] : await readAll(asked, window, subjects, signal)
  const seen = targets.map((target): Seen | RemoteError => {
    const one = asked.includes(target) ? answers[asked.indexOf(target)] : noAddress
    if (one instanceof RemoteError || one === undefined) return onWhom(one ?? noAddress, signal)
    // What only borders on the window does not touch it.
    return { ...one, events: one.events.filter(({ start, end }) => start < window.end && end > window.start) }
  })
  const events = seen.map((one) => (one instanceof RemoteError ? one : one.events))
  const unread = await far.unreadAts(targets, events, window, async (those, span) => {
    const found = await readAll(those, span, subjects, signal)
    return found.map((one) => (one instanceof RemoteError ? one : one.events))
  })
  return seen.map((one, index): ReadResult => {
    const unreadAt = unread[index] ?? null
    if (one instanceof RemoteError) return { outcome: 'failed', error: one }
    if (unreadAt instanceof RemoteError) return { outcome: 'failed', error: onWhom(unreadAt, signal) }
    return { outcome: 'read', ...one, truncatedAt: unreadAt, etag: null }
  })
}

/** A deadline that passes may be one slow mailbox's doing. */
function onWhom(error: RemoteError, signal: AbortSignal): RemoteError {
  if (!signal.aborted || error.code !== 'unreachable') return error
  return new RemoteError(error.code, error.hint, { retryAfter: error.retryAfter, cause: error })
}

const noAddress = new RemoteError(
  'mailbox_unknown',
  'The mailbox is no SMTP address: write it as user@domain, in ASCII.'
)
