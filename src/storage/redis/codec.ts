/** How a sync record is kept in Redis: what its scripts must read stands before the JSON. */
import type { Instant } from '../../domain/calendar-event.ts'
import { initialSyncRecord, type SyncRecord } from '../../domain/sync-state.ts'
import { syncRecord, UnreadableRecord } from '../codec.ts'

/** As the scripts take it: generation, enabled, confirmedAt or -, and the JSON. */
export function syncParts(record: SyncRecord): [string, string, string, Buffer] {
  const { generation, enabled, confirmedAt } = record
  return [
    `${generation}`,
    enabled ? '1' : '0',
    confirmedAt === null ? '-' : `${confirmedAt}`,
    syncRecord.encode(record)
  ]
}

const LF = 0x0a

/** How often a tenant's calendars all had to be read anew, and when that was the last time. */
export interface Rereads {
  readonly count: number
  readonly at: Instant
}

/** The members `rereads` and `rereadAt` of a tenant's head. */
export function decodeRereads(count: Buffer | null | undefined, at: Buffer | null | undefined): Rereads {
  return { count: Number(count ?? 0), at: Number(at ?? 0) }
}

/** The record as it counts now: one of before the last reread stands for an unread one (scripts/prelude.lua). */
export function decodeSync(bytes: Buffer, rereads: Rereads): SyncRecord {
  const end = bytes.indexOf(LF)
  const [generation, enabled, , written = 0] = bytes.toString('latin1', 0, end).split(' ')
  const counted = Number.parseInt(generation ?? '', 10)
  if (end < 0 || Number.isNaN(counted)) throw new UnreadableRecord('a kept sync record cannot be read')
  const behind = rereads.count - Number(written)
  if (behind > 0) return initialSyncRecord(enabled === '1', rereads.at, counted + behind)
  return { ...syncRecord.decode(bytes.subarray(end + 1)), generation: counted }
}

/** For a tenant whose calendars never had to be read anew. */
export function encodeSync(record: SyncRecord): Buffer {
  const [generation, enabled, confirmedAt, json] = syncParts(record)
  return Buffer.concat([Buffer.from(`${generation} ${enabled} ${confirmedAt} 0\n`), json])
}
