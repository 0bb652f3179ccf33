/** Where two timelines of a person differ. */

interface Span {
  readonly start: string
  readonly end: string | null
  readonly diversion: string
}

/** From `start` (epoch milliseconds) `next` holds where `former` did; null: nothing diverts. */
export interface Change {
  readonly start: number
  readonly former: string | null
  readonly next: string | null
}

/** Between `from` and `until`, in epoch milliseconds: each stretch over which the same two hold, once. */
export function compareTimelines(
  former: readonly Span[],
  next: readonly Span[],
  { from, until }: { readonly from: number; readonly until: number }
): readonly Change[] {
  const borders = new Set([from])
  for (const { start, end } of [...former, ...next]) {
    for (const border of [Date.parse(start), end === null ? Number.NaN : Date.parse(end)])
      if (border > from && border < until) borders.add(border)
  }
  const changes: Change[] = []
  let last: Change | null = null
  for (const start of [...borders].sort((one, other) => one - other)) {
    const change: Change = { start, former: diversionAt(former, start), next: diversionAt(next, start) }
    const isSame = change.former === last?.former && change.next === last.next
    if (change.former !== change.next && !isSame) changes.push(change)
    last = change
  }
  return changes
}

function diversionAt(spans: readonly Span[], instant: number): string | null {
  const found = spans.find(
    ({ start, end }) => Date.parse(start) <= instant && (end === null || instant < Date.parse(end))
  )
  return found?.diversion ?? null
}
