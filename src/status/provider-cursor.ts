/** A provider's resume point over all tenants: a place in one process's list of changed tenants, and an instant for every other process. */
import type { Instant } from '../domain/calendar-event.ts'
import { RequestError } from '../errors.ts'

export interface ProviderCursor {
  /** The process whose list it is a place in. */
  readonly process: string
  readonly place: number
  /** Everything of before was delivered: where another process goes on. */
  readonly at: Instant
}

const pattern = /^p1\.([0-9a-f-]{36})\.(0|[1-9][0-9]{0,14})\.([1-9][0-9]{0,14})$/

export function formatProviderCursor({ process, place, at }: ProviderCursor): string {
  return Buffer.from(`p1.${process}.${place}.${at}`, 'latin1').toString('base64url')
}

/** Throws RequestError where the text is no cursor of ours. */
export function requireProviderCursor(text: string): ProviderCursor {
  const plain = Buffer.from(text, 'base64url').toString('latin1')
  const parts = pattern.exec(plain)
  if (parts !== null && Buffer.from(plain, 'latin1').toString('base64url') === text)
    return { process: parts[1]!, place: Number(parts[2]), at: Number(parts[3]) }
  const message = 'is none of ours; take it from `/v1/changes` or `/v1/events`'
  throw new RequestError('invalid_request', '', [{ field: 'cursor', message }])
}
