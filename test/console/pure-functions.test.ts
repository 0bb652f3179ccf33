/** What the console computes by itself: times in the tenant's zone, who is found, rows in sight, days of a timeline. */
import { join } from 'node:path'
import { runnerImport } from 'vite'
import t from '../group/tap.ts'

const folder = join(import.meta.dirname, '../../../console/src')
/** The console's own sources, which only Vite compiles. */
async function load<Module>(path: string): Promise<Module> {
  return (await runnerImport<Module>(join(folder, path), { configFile: false, logLevel: 'silent' })).module
}

interface TimeFunctions {
  dayOf(instant: number, timeZone: string): string
  startOfDay(instant: number, days: number, timeZone: string): number
  instantAt(day: string, time: string, timeZone: string): number
}

t.test('days and times are those of the zone, also where the clock changes', async (t) => {
  const { dayOf, startOfDay, instantAt } = await load<TimeFunctions>('i18n/format-time.ts')
  const iso = (instant: number) => new Date(instant).toISOString()
  t.equal(dayOf(Date.parse('2026-12-01T23:30:00Z'), 'Europe/Helsinki'), '2026-12-02')
  const cases: readonly [day: string, time: string, zone: string, instant: string][] = [
    ['2026-12-01', '08:00', 'Europe/Stockholm', '2026-12-01T07:00:00.000Z'],
    ['2026-07-01', '08:00', 'Europe/Stockholm', '2026-07-01T06:00:00.000Z'],
    ['2026-03-29', '02:30', 'Europe/Stockholm', '2026-03-29T01:30:00.000Z'],
    ['2026-12-01', '00:00', 'Pacific/Kiritimati', '2026-11-30T10:00:00.000Z'],
    ['2026-12-01', '00:00', 'Pacific/Pago_Pago', '2026-12-01T11:00:00.000Z']
  ]
  for (const [day, time, zone, instant] of cases)
    t.equal(iso(instantAt(day, time, zone)), instant, `${day} ${time} in ${zone}`)
  const days: readonly [from: string, hours: number][] = [
    ['2026-03-29T10:00:00Z', 23],
    ['2026-10-25T10:00:00Z', 25],
    ['2026-12-01T10:00:00Z', 24]
  ]
  for (const [from, hours] of days) {
    const [start, end] = [0, 1].map((days) => startOfDay(Date.parse(from), days, 'Europe/Stockholm'))
    t.equal((end! - start!) / 3_600_000, hours, `the day of ${from} has ${hours} hours`)
  }
})

interface ListFunctions {
  findPeople(
    statuses: ReadonlyMap<string, object>,
    options: object
  ): readonly { readonly status?: { readonly displayName: string }; readonly label?: string }[]
}

t.test('somebody is found by the beginning of a name, without diacritics, or by digits', async (t) => {
  const { findPeople } = await load<ListFunctions>('now/find-people.ts')
  const person = (displayName: string, extension: string, phone: string, diversion: string) =>
    [extension, { displayName, extension, user: extension, phone, diversion, label: diversion }] as const
  const people = new Map([
    person('Åsa Öberg', '1070', 'closed', 'lunch'),
    person('Anders Åberg', '1071', 'open', 'open'),
    person('שירה לוי', '2000', 'closed', 'vacation')
  ])
  const found = (query: string, phone = 'all', isGrouped = false) =>
    findPeople(people, { query, phone, isGrouped, order: ['vacation', 'lunch'], language: 'sv' }).map(
      ({ status, label }) => status?.displayName ?? `# ${label}`
    )
  t.same(found('asa'), ['Åsa Öberg'])
  t.same(found('oberg ASA'), ['Åsa Öberg'], 'in any order')
  t.same(found('berg'), [], 'not from the middle of a name')
  t.same(
    found('07'),
    ['Anders Åberg', 'Åsa Öberg'],
    'from the middle of an extension; Å is a letter of its own, after Z'
  )
  t.same(found('שירה'), ['שירה לוי'])
  t.same(found('', 'closed', true), ['# vacation', 'שירה לוי', '# lunch', 'Åsa Öberg'])
})

interface WindowFunctions {
  toOffsets(sizes: readonly number[]): Float64Array
  rowsInSight(offsets: Float64Array, top: number, height: number): readonly { readonly index: number }[]
}

t.test('of 5,000 rows those in sight are drawn and a few around them', async (t) => {
  const { toOffsets, rowsInSight } = await load<WindowFunctions>('now/list-window.ts')
  const offsets = toOffsets(Array.from({ length: 5000 }, () => 48))
  const drawn = (top: number) => {
    const rows = rowsInSight(offsets, top, 480)
    return [rows[0]?.index, rows.at(-1)?.index]
  }
  t.same(drawn(0), [0, 18])
  t.same(drawn(48 * 100), [92, 118])
  t.same(drawn(48 * 4990), [4982, 4999])
  t.same(rowsInSight(toOffsets([]), 0, 480), [], 'nobody')
})
