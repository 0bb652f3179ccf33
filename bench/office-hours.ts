/** The timelines of a hundred thousand users, built of decisions, with office hours and holidays below them, beside those without. */
import { packFolder } from '../src/composition.ts'
import { buildTimeline } from '../src/domain/build-timeline.ts'
import { Catalogue } from '../src/domain/catalogue.ts'
import { compileRules, type Decision } from '../src/domain/decide.ts'
import { layTimeline } from '../src/domain/effective-timeline.ts'
import { Floors } from '../src/domain/hours/floors.ts'
import type { OfficeHours } from '../src/domain/hours/office-hours.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { comparePaired, formatRatio, measureCpuMs, printRow } from './paired-runs.ts'

const USERS = 100_000
const EVENTS = 20
const ROUNDS = 3
const HOUR = 3_600_000
const now = Date.UTC(2026, 10, 23, 8)
const day = [['08:00', '17:00']] as const
const officeHours: OfficeHours = {
  week: { mon: day, tue: day, wed: day, thu: day, fri: day },
  holidays: { country: 'SE', half: { types: ['optional'], until: '12:00' }, bridge: 'closed' },
  outside: 'gone-for-the-day'
}

export async function benchOfficeHours(): Promise<void> {
  const rules = (await loadPacks(packFolder)).get('infracom')!
  const compiled = compileRules(rules, 1)
  const catalogue = new Catalogue(rules.diversions)
  const users = Array.from({ length: 100 }, (_, user) => decisionsOf(user))
  const compile = (setting: { readonly officeHours?: OfficeHours }) => () =>
    measureCpuMs(() => {
      const floors = new Floors({ timeZone: 'Europe/Stockholm', ...setting }, catalogue)
      for (let user = 0; user < USERS; user++) {
        const calendar = buildTimeline(users[user % users.length]!, compiled, null)
        layTimeline({ calendar, absences: [], floor: floors.of({ timeZone: null }) }, catalogue, now)
      }
    })
  const { ours, baseline, ratio } = await comparePaired(ROUNDS, compile({ officeHours }), compile({}))
  printRow(
    `${USERS.toLocaleString('en')} timelines with hours and holidays`,
    `${(ours / 1000).toFixed(2)} s CPU`,
    `${(baseline / 1000).toFixed(2)} s CPU`,
    formatRatio(ratio),
    '≤ 1.3 × without them'
  )
}

/** Two weeks of meetings, some by a trigger and some by availability, some of them in the evening. */
function decisionsOf(user: number): Decision[] {
  return Array.from({ length: EVENTS }, (_, index): Decision => {
    const start = now + (index * 17 + (user % 9)) * HOUR
    return {
      start,
      end: start + HOUR,
      cause: {
        diversion: index % 3 === 0 ? 'lunch' : 'meeting',
        phone: 'closed',
        from: index % 4 === 0 ? 'availability' : 'tenant',
        index: index % 4 === 0 ? 2 : index % 3,
        private: false,
        forwardTo: null
      },
      forwardRefused: false
    }
  })
}
