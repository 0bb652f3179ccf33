/** What the demo shows: a live table in a terminal, plain lines where it writes to a file or a pipe. */
import type { WriteStream } from 'node:tty'
import { becauseOf, clock, drawTable, nextOf, type TableContent, when } from './table.ts'
import type { SampleTenant } from './tenants.ts'

export interface Screen {
  /** Something that stays where it was said. */
  say(text: string): void
  /** The tenant as it is now; its fresh users are those that changed. */
  show(board: TableContent): void
  /** An edit in the calendar of somebody at the tenant. */
  addLine(tenant: SampleTenant, text: string): void
  close(): void
}

/** In a terminal the tenants stand in the order given. */
export function openScreen(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
  tenants: readonly SampleTenant[]
): Screen {
  if (!stream.isTTY || environment.TERM === 'dumb') return plainLines(stream)
  // https://no-color.org: any value but the empty one.
  return liveTable(stream, (environment.NO_COLOR ?? '') === '', tenants)
}

function plainLines(stream: NodeJS.WriteStream): Screen {
  const line = (text: string) => {
    stream.write(`${text}\n`)
  }
  return {
    say: line,
    show: (board) => {
      const now = Date.now()
      for (const status of board.statuses) {
        if (!board.fresh.has(status.user)) continue
        const { extension, displayName, label, phone, until } = status
        const parts = [
          `${clock(now, board.tenant)}  ${board.tenant.name}: ${extension} ${displayName}: ${label}`,
          `phone ${phone}`
        ]
        if (until !== null) parts.push(`until ${when(until, board, now)}`)
        if (becauseOf(status) !== '') parts.push(`because: ${becauseOf(status)}`)
        if (status.next !== null) parts.push(`next: ${nextOf(status, board, now)}`)
        line(parts.join('; '))
      }
    },
    addLine: (tenant, text) => line(`${clock(Date.now(), tenant)}  ${tenant.name}: ${text}`),
    close: () => {}
  }
}

/** How long a change stays marked. */
const FRESH = 5_000

function liveTable(stream: WriteStream, colour: boolean, tenants: readonly SampleTenant[]): Screen {
  const said: string[] = []
  const edits: string[] = []
  const boards = new Map<string, TableContent>()
  const changedAt = new Map<string, number>()
  let drawn = 0

  const draw = () => {
    if (boards.size === 0) return
    const now = Date.now()
    const known = tenants.flatMap(({ id }) => boards.get(id) ?? [])
    const marked = known.map((board) => {
      const fresh = board.statuses.filter(
        ({ user }) => now - (changedAt.get(`${board.tenant.id} ${user}`) ?? 0) < FRESH
      )
      return { ...board, fresh: new Set(fresh.map(({ user }) => user)) }
    })
    // The last column stays empty: some terminals wrap as soon as it is written.
    const [width, height] = [Math.max(20, stream.columns - 1), Math.max(6, stream.rows - 1)]
    const lines = drawTable({ boards: marked, edits, now, width, height, colour })
    const back = drawn > 0 ? `\x1b[${drawn}A\r` : ''
    stream.write(`${back}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    drawn = lines.length
  }
  /** The terminal has wrapped its lines differently: all is written again. */
  const redraw = () => {
    drawn = 0
    stream.write(`\x1b[2J\x1b[H${said.map((text) => `${text}\n`).join('')}`)
    draw()
  }
  const ticking = setInterval(draw, 1_000)
  stream.on('resize', redraw)

  return {
    say: (text) => {
      if (drawn > 0) stream.write(`\x1b[${drawn}A\r\x1b[J`)
      drawn = 0
      said.push(text)
      stream.write(`${text}\n`)
      draw()
    },
    show: (board) => {
      boards.set(board.tenant.id, board)
      for (const user of board.fresh) changedAt.set(`${board.tenant.id} ${user}`, Date.now())
      draw()
    },
    addLine: (tenant, text) => {
      edits.push(`${clock(Date.now(), tenant)}  ${tenant.name}: ${text}`)
      if (edits.length > 3) edits.shift()
      draw()
    },
    close: () => {
      clearInterval(ticking)
      stream.off('resize', redraw)
    }
  }
}
