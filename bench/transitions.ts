/**
 * A hundred thousand users switch on the same second: the CPU until `changes` has them all, beside that of `JSON.stringify`
 * over the same Statuses; how long it takes, and for how long the event loop is held.
 */
import { packFolder } from '../src/composition.ts'
import { encodeListInSlices } from '../src/lib/time-slices.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { requireCursor } from '../src/status/cursor.ts'
import { TenantView } from '../src/status/tenant-view.ts'
import { tenantContextOf } from '../src/status/user-state.ts'
import { tenantFormat } from '../src/status/view-moment.ts'
import type { UserRecord } from '../src/storage/store.ts'
import { benchSnapshot, benchUserRecord } from './fixtures/user-records.ts'
import { measureLongestTurn } from './longest-turn.ts'
import { median, printRow } from './paired-runs.ts'

const USERS = 100_000
const ROUNDS = 7
const MINUTE = 60_000
const nine = Date.UTC(2026, 10, 23, 8)

interface Figures {
  readonly seconds: number
  readonly cpu: number
  readonly baselineCpu: number
  readonly stallMs: number
}

export async function benchTransitions(): Promise<void> {
  const rounds: Figures[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await switchEverybody())
  const ratios = rounds.map(({ cpu, baselineCpu }) => cpu / baselineCpu)
  const seconds = median(rounds.map((round) => round.seconds))
  const stalls = rounds.map(({ stallMs }) => stallMs)
  const what = `${USERS.toLocaleString('en')} users switch on the same second`
  printRow(
    what,
    `${median(rounds.map(({ cpu }) => cpu)).toFixed(2)} s CPU`,
    `${median(rounds.map(({ baselineCpu }) => baselineCpu)).toFixed(2)} s CPU`,
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    '≤ 1.7 × JSON.stringify of the Statuses'
  )
  printRow(`${what}: all in \`changes\``, `${seconds.toFixed(2)} s`, '–', '–', '≤ 1 s, nothing written')
  printRow(
    `${what}: longest stall`,
    `${median(stalls).toFixed(0)} ms CPU`,
    '–',
    `${Math.min(...stalls).toFixed(0)}–${Math.max(...stalls).toFixed(0)} ms`,
    '≤ 20 ms'
  )
}

async function switchEverybody(): Promise<Figures> {
  const rules = (await loadPacks(packFolder)).get('infracom')!
  let now = nine - 60_000
  const users = Array.from({ length: USERS }, (_, number) => userRecord(number, now))
  const snapshot = benchSnapshot(users)
  const view = await TenantView.open({
    snapshot,
    context: tenantContextOf(snapshot, rules),
    clock: () => now,
    onChange: () => {},
    isCurrent: () => true
  })
  const { cursor } = JSON.parse(Buffer.concat((await view.statuses()).chunks).toString()) as {
    cursor: string
  }
  now = nine
  const before = process.cpuUsage()
  const {
    result: list,
    seconds,
    longestMs
  } = await measureLongestTurn(async () => {
    const changes = await view.changesSince(requireCursor(cursor), tenantFormat, async () => null)
    const list = changes?.changes ?? []
    await encodeListInSlices('[', list, ']')
    return list
  })
  const { user, system } = process.cpuUsage(before)
  if (list.length !== USERS) throw new Error('not everybody switched')
  const statuses = list.map((json): object => JSON.parse(json))
  const baseline = process.cpuUsage()
  const texts = statuses.map((status) => JSON.stringify(status))
  const spent = process.cpuUsage(baseline)
  if (texts[0] !== list[0]) throw new Error('the baseline writes something else')
  return {
    seconds,
    cpu: (user + system) / 1e6,
    baselineCpu: (spent.user + spent.system) / 1e6,
    stallMs: longestMs
  }
}

/** All begin a meeting at nine. It and the next ones last differently, and the calendars were read at different times. */
function userRecord(number: number, now: number): UserRecord {
  const record = benchUserRecord(number, 10, nine, now - (number % 3_600) * 1_000)
  const timeline = record.timeline!
  const boundaries = timeline.boundaries.map((_, place) => {
    const lasts = 30 + 15 * ((number + place) % 5)
    return (
      nine +
      (place >> 1) * 180 * MINUTE +
      (place % 2) * lasts * MINUTE +
      (place > 1 ? 15 * (number % 4) * MINUTE : 0)
    )
  })
  return { ...record, sync: { ...record.sync, subscribed: true }, timeline: { ...timeline, boundaries } }
}
