/** The table of who is diverted, as lines that fit a terminal of any size. Pure. */
import type { DemoStatus } from './api.ts'
import type { SampleTenant } from './tenants.ts'

/** What is known of one tenant. */
export interface TableContent {
  readonly tenant: SampleTenant
  /** The catalogue's labels, by code. */
  readonly labels: ReadonlyMap<string, string>
  readonly statuses: readonly DemoStatus[]
  /** Ids of users who changed a moment ago. */
  readonly fresh: ReadonlySet<string>
}

export interface Frame {
  readonly boards: readonly TableContent[]
  /** What happened in calendars, the newest last. */
  readonly edits: readonly string[]
  readonly now: number
  readonly width: number
  readonly height: number
  readonly colour: boolean
}

interface Column {
  readonly head: string
  readonly cell: (status: DemoStatus, board: TableContent, now: number) => string
  /** Never narrower than this, unless it is left out. */
  readonly least: number
  /** Where the terminal is too narrow, the highest is left out first; those of 0 stay. */
  readonly spare: number
}

const columns: readonly Column[] = [
  { head: 'Ext', cell: ({ extension }) => extension, least: 4, spare: 4 },
  { head: 'Name', cell: ({ displayName }) => displayName, least: 13, spare: 0 },
  { head: 'Diversion', cell: ({ label }) => label, least: 15, spare: 0 },
  { head: 'Phone', cell: ({ phone }) => phone, least: 6, spare: 3 },
  { head: 'Until', cell: ({ until }, board, now) => shortly(until, board, now), least: 5, spare: 1 },
  { head: 'Because', cell: becauseOf, least: 24, spare: 5 },
  { head: 'Next', cell: (status, board, now) => nextOf(status, board, now), least: 14, spare: 6 }
]

const GAP = '  '
/** Before the first column: `> ` for who changed a moment ago. */
const MARK = 2

/** At most `height` lines of at most `width` characters. */
export function drawTable(frame: Frame): string[] {
  const { boards, edits, now, width, height, colour } = frame
  const paint = (code: string, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const fitted = fitColumns(frame)
  const recentEdits = edits.slice(height > 45 ? -3 : -1)
  // A low terminal has better use for lines than to leave them blank.
  const gap = height > 30 ? [''] : []
  // The titles, the recent edits and the last line; then a heading and a gap for every tenant.
  const places = Math.max(1, Math.floor((height - 2 - recentEdits.length) / boards.length) - 1 - gap.length)

  const heads = fitted.map(({ column, wide }) => fit(column.head, wide)).join(GAP)
  const lines = [paint('2', fit(`  ${heads}`, width))]
  for (const board of boards) {
    lines.push(paint('1', fit(headingOf(board, now), width)))
    const sorted = [...board.statuses].sort(byUrgency)
    const shown = sorted.length > places ? sorted.slice(0, places - 1) : sorted
    for (const status of shown) {
      const cells = fitted.map(({ column, wide }) => fit(column.cell(status, board, now), wide)).join(GAP)
      const tone = status.phone === 'closed' ? '31' : status.diversion === 'available' ? '32' : '33'
      lines.push(paint(tone, fit(`${board.fresh.has(status.user) ? '>' : ' '} ${cells}`, width)))
    }
    if (shown.length < sorted.length) lines.push(fit(`  and ${sorted.length - shown.length} more`, width))
    lines.push(...gap)
  }
  lines.push(...recentEdits.map((text) => paint('36', fit(text, width))))
  lines.push(paint('2', fit('Ctrl-C ends the demo', width)))
  return lines.slice(-height)
}

/** Read from the left as far as there is room. */
function headingOf(board: TableContent, now: number): string {
  const { tenant, statuses } = board
  const away = statuses.filter(({ diversion }) => diversion !== 'available').length
  const coming = statuses.filter(({ next }) => next !== null)
  const first = coming.sort((a, b) => a.next!.from.localeCompare(b.next!.from))[0]
  const next = first === undefined ? '' : `; next: ${first.displayName}, ${nextOf(first, board, now)}`
  return `${clock(now, tenant)}  ${tenant.name}: ${away} of ${statuses.length} diverted${next}; ${tenant.manner}`
}

/** The next diversion and when it begins: `Lunch 11:30`; empty when none is known. */
export function nextOf(
  { next }: DemoStatus,
  board: Pick<TableContent, 'tenant' | 'labels'>,
  now: number
): string {
  return next === null
    ? ''
    : `${board.labels.get(next.diversion) ?? next.diversion} ${when(next.from, board, now)}`
}

/** Why the diversion holds; empty where there is none to explain. */
export function becauseOf({ diversion, because }: DemoStatus): string {
  return diversion === 'available' ? '' : (because ?? '')
}

/** The time of day in the tenant's zone; before it the day where that is not today. */
export function when(instant: string | null, board: Pick<TableContent, 'tenant'>, now: number): string {
  if (instant === null) return ''
  const { timeZone } = board.tenant
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'short' }).format(Date.parse(instant))
  const short = shortly(instant, board, now)
  return short === time ? time : `${short} ${time}`
}

/** The time of day in the tenant's zone, or the day alone where that is not today. */
function shortly(instant: string | null, { tenant }: Pick<TableContent, 'tenant'>, now: number): string {
  if (instant === null) return ''
  const { timeZone } = tenant
  const day = (time: number) => new Intl.DateTimeFormat('sv-SE', { timeZone }).format(time)
  const at = Date.parse(instant)
  if (day(at) !== day(now)) return day(at).slice('2026-'.length)
  return new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'short' }).format(at)
}

/** The time of day in the tenant's zone, to the second. */
export function clock(now: number, { timeZone }: SampleTenant): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' }).format(now)
}

/** Closed phones first, then open ones that are diverted; within them who changes soonest. */
function byUrgency(a: DemoStatus, b: DemoStatus): number {
  const group = (status: DemoStatus) =>
    status.phone === 'closed' ? 0 : status.diversion === 'available' ? 2 : 1
  const turn = (status: DemoStatus) => status.until ?? '9'
  return group(a) - group(b) || turn(a).localeCompare(turn(b)) || a.extension.localeCompare(b.extension)
}

/** As wide as the widest cell where there is room; else fewer and narrower, what can best be spared first. */
function fitColumns({ boards, now, width }: Frame) {
  let fitted = columns.map((column) => {
    const cells = boards.flatMap((board) =>
      board.statuses.map((status) => column.cell(status, board, now).length)
    )
    return { column, wide: Math.max(column.head.length, ...cells) }
  })
  const slackOf = ({ column, wide }: (typeof fitted)[number]) => Math.max(0, wide - column.least)
  const total = (of: (each: (typeof fitted)[number]) => number) =>
    fitted.reduce((sum, each) => sum + of(each), 0)
  const excess = () => MARK + total(({ wide }) => wide + GAP.length) - GAP.length - width
  while (excess() > total(slackOf) && fitted.some(({ column }) => column.spare > 0)) {
    const dearest = fitted.reduce((a, b) => (b.column.spare > a.column.spare ? b : a))
    fitted = fitted.filter((each) => each !== dearest)
  }
  for (const each of [...fitted].sort((a, b) => b.column.spare - a.column.spare)) {
    each.wide -= Math.max(0, Math.min(slackOf(each), excess()))
  }
  return fitted
}

function fit(text: string, wide: number): string {
  return text.length > wide ? `${text.slice(0, Math.max(0, wide - 1))}…` : text.padEnd(wide)
}
