/**
 * What a write publishes: JSON, and for a write of readings a LF and the bytes of what it saved, so that a follower need not read
 * it. scripts/prelude.lua and scripts/save-readings.lua write it.
 */
import { syncRecord, timelineRecord } from '../codec.ts'
import type { SavedReading, SavedReadings } from '../saved-readings.ts'
import type { FeedEvent } from '../store.ts'

/** Every write that is published has the next sequence within its log's epoch; '' and 0 when there is no such tenant. */
export interface Mark {
  readonly epoch: string
  readonly sequence: number
}

export interface Message extends Mark {
  readonly feeds: readonly FeedEvent[]
  readonly saved: SavedReadings | null
}

interface MessageJson extends Mark {
  readonly feeds: readonly FeedEvent[]
  /** The log before the write, and of each reading the user and the lengths of its sync record and of its timeline (0: the same). */
  readonly saved?: {
    readonly position: number
    readonly loggedAt: number
    readonly readings: readonly (readonly [user: string, sync: number, timeline: number])[]
  }
}

const LF = 0x0a

/** Null when another program published it. */
export function parseMessage(bytes: Buffer): Message | null {
  const end = bytes.indexOf(LF)
  try {
    const json: MessageJson = JSON.parse(bytes.toString('utf8', 0, end < 0 ? bytes.length : end))
    const { epoch, sequence, feeds, saved } = json
    if (saved === undefined) return { epoch, sequence, feeds, saved: null }
    const { position, loggedAt, readings } = saved
    const decode = () => decodeReadings(bytes.subarray(end + 1), readings)
    return {
      epoch,
      sequence,
      feeds,
      saved: { epoch, revision: sequence, position, loggedAt, readings: decode }
    }
  } catch {
    return null
  }
}

function decodeReadings(bytes: Buffer, sizes: NonNullable<MessageJson['saved']>['readings']): SavedReading[] {
  let from = 0
  const take = (length: number) => {
    from += length
    return bytes.subarray(from - length, from)
  }
  return sizes.map(([user, sync, timeline]) => ({
    user,
    sync: syncRecord.decode(take(sync)),
    timeline: timeline === 0 ? 'same' : timelineRecord.decode(take(timeline))
  }))
}
