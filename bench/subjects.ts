/** Subjects decided per second with 60 triggers, beside one precompiled alternation over the same subjects. */

import { packFolder } from '../src/composition.ts'
import type { CalendarEvent } from '../src/domain/calendar-event.ts'
import { compileRules, compileUserTriggers, decide } from '../src/domain/decide.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { comparePaired, formatRatio, measureCpuMs, printRow } from './paired-runs.ts'

const SUBJECTS = 100_000
const words =
  'Avstämning med kund Planering Budget Anna Ek sprint review onboarding frukost tandläkare projekt Göteborg resa lunar Lunchen uppföljning möten'.split(
    ' '
  )

export async function benchSubjects(): Promise<void> {
  const infracom = (await loadPacks(packFolder)).get('infracom')!
  const triggers = [...infracom.triggers]
  while (triggers.length < 60)
    triggers.push({ match: 'word', text: `KOD${triggers.length}`, diversion: 'meeting' })
  const rules = compileRules({ ...infracom, triggers }, 1)
  const own = compileUserTriggers([], rules)
  const random = generator(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const events = Array.from({ length: SUBJECTS }, (_, index): CalendarEvent => {
    const parts = Array.from({ length: 2 + Math.floor(random() * 5) }, () => pick(words))
    if (random() < 0.2) parts.splice(Math.floor(random() * parts.length), 0, pick(triggers).text)
    return {
      id: String(index),
      subject: parts.join(' '),
      start: 0,
      end: 3_600_000,
      allDay: false,
      busy: 'busy',
      visibility: 'normal',
      cancelled: false,
      response: 'organizer',
      categories: []
    }
  })
  const literals = triggers.map(({ text }) =>
    text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+')
  )
  const alternation = new RegExp(
    `(?<![\\p{L}\\p{N}\\p{M}])(?:${literals.join('|')})(?![\\p{L}\\p{N}\\p{M}])`,
    'iu'
  )

  let diverted = 0
  let matched = 0
  const { ratio, ours, baseline } = await comparePaired(
    9,
    () =>
      SUBJECTS /
      measureCpuMs(() => {
        diverted = 0
        for (const event of events) if (decide(event, rules, own) !== null) diverted++
      }),
    () =>
      SUBJECTS /
      measureCpuMs(() => {
        matched = 0
        for (const { subject } of events) if (alternation.test(subject)) matched++
      })
  )
  if (diverted !== matched)
    throw new Error(`${diverted} were diverted and ${matched} match: not the same work`)
  const perSecond = (figure: number) => `${(figure / 1000).toFixed(2)} M/s`
  printRow(
    'subjects decided, 60 triggers',
    perSecond(ours),
    perSecond(baseline),
    formatRatio(ratio),
    '≥ 0.8 × one alternation'
  )
}

/** The same subjects at each run (a linear congruential generator). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    return state / 0x80000000
  }
}
