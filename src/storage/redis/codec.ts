/** How a sync record is kept in Redis: what its scripts must read stands before the JSON. */
import type { SyncRecord } from '../../domain/sync-state.ts'
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

export function decodeSync(bytes: Buffer): SyncRecord {
  const end = bytes.indexOf(LF)
  const generation = Number.parseInt(bytes.toString('latin1', 0, end), 10)
  if (end < 0 || Number.isNaN(generation)) throw new UnreadableRecord('a kept sync record cannot be read')
  return { ...syncRecord.decode(bytes.subarray(end + 1)), generation }
}

export function encodeSync(record: SyncRecord): Buffer {
  const [generation, enabled, confirmedAt, json] = syncParts(record)
  return Buffer.concat([Buffer.from(`${generation} ${enabled} ${confirmedAt}\n`), json])
}
