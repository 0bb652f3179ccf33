/** What every connector that reads many mailboxes in one call owes its caller: one result each, whatever happens. */
import { RemoteError } from '../errors.ts'
import type { ReadRequest, ReadResult, Target } from './connector.ts'

/** Users may share a mailbox: it is asked for once. What `read` throws becomes a `failed` Reading of all. */
export async function readUniqueTargets(
  request: ReadRequest,
  read: (request: ReadRequest) => Promise<readonly ReadResult[]>
): Promise<readonly ReadResult[]> {
  const targets = [...new Map(request.targets.map((target) => [targetKey(target), target])).values()]
  const readings = await read({ ...request, targets }).catch((error: unknown) => {
    const hint = 'The calendar could not be read because of a fault in this service: report it with its log.'
    const failure =
      error instanceof RemoteError ? error : new RemoteError('protocol_error', hint, { cause: error })
    return targets.map((): ReadResult => ({ outcome: 'failed', error: failure }))
  })
  const places = new Map(targets.map((target, index) => [targetKey(target), index]))
  return request.targets.map((target) => readings[places.get(targetKey(target)) ?? -1]!)
}

/** Addresses are the same in any case; whole days are not in any zone. */
export function targetKey({ mailbox, timeZone }: Target): string {
  return `${mailbox.toLowerCase()}\n${timeZone}`
}
