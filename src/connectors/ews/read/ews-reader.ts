/** Reading over one connection: what is called, with whose rights, and what came of it for each mailbox. */
import { setMaxListeners } from 'node:events'
import { RemoteError } from '../../../errors.ts'
import type { EwsConnection } from '../../connection.ts'
import type { ReadRequest, ReadResult } from '../../connector.ts'
import { readUniqueTargets } from '../../dedupe-targets.ts'
import type { AddressPolicy } from '../../net/address-policy.ts'
import { ClockMonitor, withClockError } from '../../net/clock-monitor.ts'
import type { HttpClient } from '../../net/http-client.ts'
import { EwsEndpoint } from '../client/endpoint.ts'
import { EwsClient } from '../client/ews-client.ts'
import type { Environment } from '../client/proxy.ts'
import type { ConnectionStep } from '../client/socket.ts'
import { isSmtpAddress } from '../soap/requests.ts'
import { createImpersonationIds, type ImpersonationIds } from './impersonation-id.ts'
import { type MailboxRead, type ReadMailboxes, readByAvailability } from './read-availability.ts'
import { readByCalendarView } from './read-calendars.ts'

export interface EwsReader {
  readonly endpoint: EwsEndpoint
  readonly client: EwsClient
  readonly ids: ImpersonationIds
  /** The service account, as it signs in. */
  readonly account: string
  /** As Connector's. */
  read(request: ReadRequest): Promise<readonly ReadResult[]>
  /** `clock_wrong` while the server's clock and ours are apart. */
  clockError(): RemoteError | null
  close(): void
}

export interface EwsReaderDeps {
  readonly connection: EwsConnection
  readonly outbound: HttpClient
  readonly addressPolicy: AddressPolicy
  readonly clock: () => number
  readonly environment?: Environment
  /** Called with each step towards the server that has succeeded, as often as it does. */
  readonly onStep?: (step: ConnectionStep) => void
}

/** Throws RemoteError for what no connector can use. */
export function openEwsReader(deps: EwsReaderDeps): EwsReader {
  const { connection, clock, onStep } = deps
  const { access, auth, version } = connection
  const clockMonitor = new ClockMonitor(clock)
  const endpoint = new EwsEndpoint({ ...deps, clockMonitor })
  const account = auth.kind === 'oauth' ? auth.clientId : auth.user
  const client = new EwsClient({
    transport: endpoint.open,
    version,
    account,
    access,
    clock,
    ...(onStep === undefined ? {} : { onStep })
  })
  const ids = createImpersonationIds()
  const readAll =
    access === 'delegate' ? readByAvailability({ client, account }) : readByCalendarView({ client, ids })
  return {
    endpoint,
    client,
    ids,
    account,
    async read(request) {
      // Each of its calls listens, under way or waiting for a connection: more than Node takes for a leak.
      setMaxListeners(0, request.signal)
      const answersBefore = endpoint.answerCount
      const results = await readUniqueTargets(request, (once) => readTargets(once, readAll))
      const isHanging =
        request.signal.aborted && endpoint.answerCount === answersBefore && results.every(isTimeout)
      return isHanging ? results.map(toConnectionScope) : withClockError(results, clockMonitor.errorOf())
    },
    clockError: () => clockMonitor.errorOf(),
    close: () => endpoint.close()
  }
}

async function readTargets(
  { targets, window, subjects, signal }: ReadRequest,
  readAll: ReadMailboxes
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
  return seen.map((one): ReadResult => {
    if (one instanceof RemoteError) return { outcome: 'failed', error: one }
    return { outcome: 'read', ...one, etag: null }
  })
}

/** A deadline that passes may be one slow mailbox's doing, while the server answers for others. */
function toMailboxScope(error: RemoteError, signal: AbortSignal): RemoteError {
  if (!signal.aborted || error.code !== 'unreachable') return error
  return new RemoteError(error.code, error.hint, { retryAfter: error.retryAfter, cause: error })
}

function isTimeout(result: ReadResult): boolean {
  return result.outcome === 'failed' && result.error.code === 'unreachable'
}

function toConnectionScope(result: ReadResult): ReadResult {
  if (result.outcome !== 'failed') return result
  const { code, hint, retryAfter } = result.error
  const error = new RemoteError(code, hint, { scope: 'connection', retryAfter, cause: result.error })
  return { outcome: 'failed', error }
}

export const notSmtpAddressError = new RemoteError(
  'mailbox_unknown',
  'The mailbox is no SMTP address: write it as user@domain, in ASCII.'
)
