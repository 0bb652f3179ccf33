/** The connector to Exchange Web Services: a service account that reads many mailboxes of one Exchange organisation. */

import { setMaxListeners } from 'node:events'
import { RemoteError } from '../../errors.ts'
import { type After, machineTimers } from '../../lib/timers.ts'
import type { EwsConnection } from '../connection.ts'
import type { CalendarSubscription, Connector, ReadRequest, ReadResult } from '../connector.ts'
import { readUniqueTargets } from '../dedupe-targets.ts'
import type { HttpClient } from '../net/http-client.ts'
import { checkConnection } from './check-connection.ts'
import { openEwsEndpoint } from './client/endpoint.ts'
import { createEwsClient } from './client/ews-client.ts'
import type { Environment } from './client/proxy.ts'
import { createFingerprints } from './read/fingerprints.ts'
import { createImpersonationIds } from './read/impersonation-id.ts'
import { createLookahead, type Lookahead } from './read/lookahead.ts'
import {
  type MailboxRead,
  maxMailboxesPerCall,
  type ReadMailboxes,
  readByAvailability
} from './read/read-availability.ts'
import { readByCalendarView } from './read/read-calendars.ts'
import { isSmtpAddress } from './soap/requests.ts'
import { createStreamingManager } from './streaming/streaming-manager.ts'

export interface EwsConnectorDeps {
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
const maxImpersonatedPerRead = 20

/** The connection is used as it is: after a change, make another connector. Throws RemoteError for what none can use. */
export function createEwsConnector(deps: EwsConnectorDeps): Connector {
  const { connection, clock = Date.now, after = machineTimers.after, random = Math.random } = deps
  const { access, auth, version } = connection
  const endpoint = openEwsEndpoint({ ...deps, clock })
  const account = auth.kind === 'oauth' ? auth.clientId : auth.user
  const client = createEwsClient({ transport: endpoint.open, version, account, access, clock })
  const ids = createImpersonationIds()
  const readAll =
    access === 'delegate' ? readByAvailability({ client, account }) : readByCalendarView({ client, ids })
  const fingerprints = createFingerprints({ client, ids, asOwner: auth.kind === 'oauth' })
  const streaming = createStreamingManager({ client, ids, account, after, clock, random })
  const lookahead = createLookahead(clock)
  const read = async (request: ReadRequest) => {
    // Each of its calls listens, under way or waiting for a connection: more than Node takes for a leak.
    setMaxListeners(0, request.signal)
    const readings = await readUniqueTargets(request, (once) => readTargets(once, readAll, lookahead))
    if (readings.some((one) => one.outcome === 'failed' && one.error.scope === 'connection'))
      endpoint.onConnectionFailed()
    return readings
  }
  return {
    batchSize: access === 'delegate' ? maxMailboxesPerCall : maxImpersonatedPerRead,
    read,
    check: (target, signal) => checkConnection(target, { endpoint, read, access, now: clock(), signal }),
    // Reading by availability is that very call.
    fingerprints: async (request) =>
      access === 'delegate' ? request.targets.map(() => null) : fingerprints(request),
    // Only their owners, and who impersonates them, are told of edits.
    subscribe: ({ mailbox }, listener) =>
      access === 'delegate' || !isSmtpAddress(mailbox) ? noWatch : streaming.watch(mailbox, listener),
    async close() {
      await streaming.close()
      endpoint.close()
    }
  }
}

const noWatch: CalendarSubscription = { onLifecycleEvent: () => {}, stop: () => {} }

async function readTargets(
  { targets, window, subjects, signal }: ReadRequest,
  readAll: ReadMailboxes,
  lookahead: Lookahead
): Promise<readonly ReadResult[]> {
  const asked = targets.filter(({ mailbox }) => isSmtpAddress(mailbox))
  const answers = asked.length === 0 ? [] : await readAll(asked, window, subjects, signal)
  const seen = targets.map((target): MailboxRead | RemoteError => {
    const one = asked.includes(target) ? answers[asked.indexOf(target)] : notSmtpAddressError
    if (one instanceof RemoteError || one === undefined)
      return toMailboxScope(one ?? notSmtpAddressError, signal)
    // What only borders on the window does not touch it.
    return { ...one, events: one.events.filter(({ start, end }) => start < window.end && end > window.start) }
  })
  const events = seen.map((one) => (one instanceof RemoteError ? one : one.events))
  const unread = await lookahead.truncatedAts(targets, events, window, async (those, span) => {
    const found = await readAll(those, span, subjects, signal)
    return found.map((one) => (one instanceof RemoteError ? one : one.events))
  })
  return seen.map((one, index): ReadResult => {
    const unreadAt = unread[index] ?? null
    if (one instanceof RemoteError) return { outcome: 'failed', error: one }
    if (unreadAt instanceof RemoteError) return { outcome: 'failed', error: toMailboxScope(unreadAt, signal) }
    return { outcome: 'read', ...one, truncatedAt: unreadAt, etag: null }
  })
}

/** A deadline that passes may be one slow mailbox's doing. */
function toMailboxScope(error: RemoteError, signal: AbortSignal): RemoteError {
  if (!signal.aborted || error.code !== 'unreachable') return error
  return new RemoteError(error.code, error.hint, { retryAfter: error.retryAfter, cause: error })
}

const notSmtpAddressError = new RemoteError(
  'mailbox_unknown',
  'The mailbox is no SMTP address: write it as user@domain, in ASCII.'
)
