/** Exchange's dateTimes as instants. Runs twice for every event of every read. */
import type { Instant } from '../../../domain/calendar-event.ts'

const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$/
const minute = 60_000

/** To the second. Without an offset it is UTC, for that is asked for. Null when it is none. */
export function instantOfDateTime(text: string): Instant | null {
  if (!shape.test(text)) return null
  const month = two(text, 5)
  const day = two(text, 8)
  const hour = two(text, 11)
  const second = two(text, 17)
  const year = two(text, 0) * 100 + two(text, 2)
  if (year < 1000 || month < 1 || month > 12 || day < 1 || hour > 23 || two(text, 14) > 59 || second > 59) {
    return null
  }
  const wall = Date.UTC(year, month - 1, day, hour, two(text, 14), second)
  if (day > 28 && new Date(wall).getUTCDate() !== day) return null
  return wall - offsetOf(text)
}

function two(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
}

/** Milliseconds that the text's clock is ahead of UTC. */
function offsetOf(text: string): number {
  const at = text.length - 6
  const sign = text.charCodeAt(at)
  if (sign !== 43 && sign !== 45) return 0
  const ahead = (two(text, at + 1) * 60 + two(text, at + 4)) * minute
  return sign === 43 ? ahead : -ahead
}
