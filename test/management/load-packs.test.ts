/** The packs do what the four systems do, row by row, and a malformed one is refused with file, line and reason. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BusyStatus, CalendarEvent } from '../../src/domain/calendar-event.ts'
import { compileRules, compileUserTriggers, decide } from '../../src/domain/decide.ts'
import { SetupError } from '../../src/errors.ts'
import { loadPacks } from '../../src/management/load-packs.ts'
import t from '../group/tap.ts'

const packs = await loadPacks('rules')

/** `CODE closed` or `CODE open`, or null: what a pack makes of an event of one's own. */
function outcome(pack: string, event: Partial<CalendarEvent>): string | null {
  const rules = packs.get(pack)
  if (rules === undefined) throw new Error(`there is no pack ${pack}`)
  const compiled = compileRules(rules, 1)
  const nine = Date.UTC(2026, 10, 23, 8)
  const whole: CalendarEvent = {
    id: '0',
    subject: '',
    start: nine,
    end: nine + 3_600_000,
    allDay: false,
    busy: 'busy',
    visibility: 'normal',
    cancelled: false,
    response: 'organizer',
    categories: [],
    ...event
  }
  const decision = decide(whole, compiled, compileUserTriggers([], compiled))
  return decision && `${decision.cause.diversion} ${decision.cause.phone}`
}

const shownAs: BusyStatus[] = ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown']

t.test('the five packs are there, with one catalogue in the agreed order', async (t) => {
  t.strictSame(
    [...packs.keys()],
    ['3kontakt', 'bredband2-availability', 'bredband2-prefix', 'infracom', 'trio-no']
  )
  const codes =
    'sick parental-leave on-leave vacation gone-for-the-day business-trip out-of-office working-off-site ' +
    'do-not-disturb meeting lunch temporarily-out busy working-from-home available'
  for (const [name, rules] of packs) {
    t.strictSame(rules.diversions.map(({ code }) => code).join(' '), codes, name)
    for (const { code, labels, phone } of rules.diversions) {
      t.strictSame(Object.keys(labels), ['sv', 'en', 'da', 'nb', 'fi'], `${name}: ${code} in five languages`)
      t.equal(
        phone,
        ['working-from-home', 'available'].includes(code) ? 'open' : 'closed',
        `${name}: ${code}`
      )
    }
    const { private: privacy, allDay, invitations } = rules
    t.strictSame([privacy, allDay, invitations], ['match', 'trigger-or-oof', 'accepted'], name)
  }
})

t.test('a published status names neither sickness nor parental leave', async (t) => {
  for (const rules of packs.values()) {
    const activity = Object.fromEntries(
      rules.diversions.map((diversion) => [diversion.code, diversion.activity])
    )
    t.strictSame([activity.sick, activity['parental-leave']], ['away', 'away'])
  }
})

t.test('Bredband2 by prefix', async (t) => {
  const table = [
    ['HEM:', 'working-from-home open'],
    ['SJU:', 'sick closed'],
    ['SLU:', 'gone-for-the-day closed'],
    ['UPP:', 'busy closed'],
    ['LUN:', 'lunch closed'],
    ['MOT:', 'meeting closed'],
    ['UTE:', 'out-of-office closed'],
    ['SEM:', 'vacation closed']
  ] as const
  for (const [prefix, diversion] of table) {
    t.equal(outcome('bredband2-prefix', { subject: `${prefix} något` }), diversion, prefix)
    t.equal(
      outcome('bredband2-prefix', { subject: prefix, busy: 'free' }),
      diversion,
      `${prefix} shown as free`
    )
    t.equal(
      outcome('bredband2-prefix', { subject: `om ${prefix}` }),
      null,
      `${prefix} further in is no prefix`
    )
  }
  t.equal(packs.get('bredband2-prefix')?.triggers.length, table.length, 'and no other')
  for (const busy of shownAs) t.equal(outcome('bredband2-prefix', { subject: 'Lunch', busy }), null, busy)
})

t.test('Infracom by trigger word, anywhere in the subject', async (t) => {
  const table = [
    ['gone-for-the-day closed', 'Gone for the day', 'GFD'],
    ['lunch closed', 'Lunch', 'LUN'],
    ['meeting closed', 'Meeting', 'MÖT'],
    ['vacation closed', 'Holiday', 'HOL'],
    ['sick closed', 'Sick'],
    ['do-not-disturb closed', 'Do not disturb', 'DND'],
    ['temporarily-out closed', 'Temporarily unavailable', 'UTE'],
    ['available open', 'Available'],
    ['business-trip closed', 'Away on business', 'TJR'],
    ['on-leave closed', 'On leave', 'TJL'],
    ['working-off-site closed', 'Out of office'],
    ['parental-leave closed', 'Parental leave']
  ] as const
  for (const [diversion, ...words] of table) {
    for (const word of words) {
      t.equal(outcome('infracom', { subject: `Kund / ${word.toLowerCase()}, hos oss` }), diversion, word)
      t.equal(outcome('infracom', { subject: `x${word}` }), null, `${word} as a part of a word`)
    }
  }
  t.equal(packs.get('infracom')?.triggers.length, table.flat().length - table.length, 'and no other')
  t.equal(outcome('infracom', { subject: 'Resa mot Malmö' }), null, 'mot is no MÖT')
  for (const busy of shownAs) t.equal(outcome('infracom', { subject: 'Kund', busy }), null, busy)
})

t.test('3Kontakt: only Busy diverts', async (t) => {
  const busy = shownAs.filter((busy) => outcome('3kontakt', { subject: 'LUN: Lunch', busy }) !== null)
  t.strictSame(busy, ['busy', 'unknown'], 'an unknown status is read as busy')
  t.equal(outcome('3kontakt', { busy: 'busy' }), 'busy closed')
})

t.test('Bredband2 by availability: Busy and Out of Office divert, whatever the subject', async (t) => {
  const table = shownAs.map((busy) => [
    busy,
    outcome('bredband2-availability', { subject: 'HEM: SJU:', busy })
  ])
  t.strictSame(Object.fromEntries(table), {
    free: null,
    tentative: null,
    busy: 'busy closed',
    oof: 'out-of-office closed',
    workingElsewhere: null,
    unknown: 'busy closed'
  })
})

t.test('the Norwegian codes of Trio: a colon closes the phone, a semicolon leaves it open', async (t) => {
  const table = {
    LUN: 'lunch',
    GFD: 'gone-for-the-day',
    TJE: 'working-off-site',
    MØT: 'meeting',
    TJR: 'business-trip',
    DEL: 'out-of-office',
    FER: 'vacation',
    PER: 'on-leave',
    UTE: 'temporarily-out',
    SYK: 'sick',
    AVS: 'on-leave',
    ANN: 'busy'
  }
  for (const [code, diversion] of Object.entries(table)) {
    t.equal(outcome('trio-no', { subject: `${code}: hos kunde` }), `${diversion} closed`, `${code}:`)
    t.equal(outcome('trio-no', { subject: `SV: ${code.toLowerCase()};` }), `${diversion} open`, `${code};`)
    t.equal(outcome('trio-no', { subject: `${code} hos kunde` }), null, `${code} without a sign`)
  }
  t.equal(packs.get('trio-no')?.triggers.length, 2 * Object.keys(table).length, 'and no other')
})

t.test('a malformed pack is refused with file, line and reason', async (t) => {
  const good = await readFile('rules/trio-no.yaml', 'utf8')
  const swap = (from: string, to: string) => {
    if (!good.includes(from)) throw new Error(`the pack holds no ${from}`)
    return good.replace(from, to)
  }
  const line = (text: string) => good.slice(0, good.indexOf(text)).split('\n').length
  const first = line('"LUN:"')
  const last = good.trimEnd().split('\n').length
  const table: readonly (readonly [why: string, content: string | Buffer, line: number, reason: RegExp])[] = [
    ['an open bracket', `${good}more: [`, last + 1, /Flow sequence/],
    ['an unquoted colon', swap('"LUN:"', 'LUN:'), first, /./],
    ['a tab for a blank', swap('  - {', '\t- {'), first, /[Tt]ab/],
    ['a member twice', `${good}private: ignore\n`, last + 1, /unique/],
    ['two documents', `${good}---\nprivate: match\n`, last + 1, /multiple documents/],
    ['a tag', swap('private: match', 'private: !mine match'), line('private: match'), /tag/],
    ['nothing in it', '', 1, /the file must be object/],
    ['a list', '- 1\n', 1, /the file must be object/],
    ['not UTF-8', Buffer.from(good, 'latin1'), 0, /is not UTF-8/],
    ['an unknown member', `${good}triggerz: []\n`, last + 1, /triggerz is not known here/],
    [
      'an unknown member of a trigger',
      swap('text: "LUN:"', 'txt: "LUN:"'),
      first,
      /triggers\/0.* is not known|lacks "text"/
    ],
    ['a missing member', swap('allDay: trigger-or-oof', ''), line('triggers:'), /the file lacks "allDay"/],
    ['a number for a text', swap('"LUN:"', '112'), first, /triggers\/0\/text must be string/],
    ['an unknown way to match', swap('match: prefix', 'match: regex'), first, /prefix, word, category/],
    [
      'an unknown policy',
      swap('private: match', 'private: hide'),
      line('private: match'),
      /match, availability-only, ignore/
    ],
    ['a busy status forgotten', swap('oof: null, ', ''), line('availability:'), /availability lacks "oof"/],
    [
      'an unknown code',
      swap('diversion: lunch', 'diversion: lunsj'),
      first,
      /triggers\/0\/diversion names "lunsj"/
    ],
    [
      'an unknown code for a status',
      swap('oof: null', 'oof: gone'),
      line('availability:'),
      /availability\/oof names "gone"/
    ],
    ['an empty trigger', swap('"LUN:"', "' '"), first, /triggers\/0\/text is empty/],
    [
      'a trigger twice',
      swap('"GFD:"', '"lun:"'),
      line('"GFD:"'),
      /triggers\/2\/text "lun:" stands already in triggers\/0/
    ],
    [
      'a catalogue without available',
      `${good}diversions:\n  - { code: x, labels: { en: X }, phone: open }\n`,
      0,
      /lacks "available"/
    ],
    ['aliases that unfold without end', bomb(good), last + 2, /aliases \(\*a\) are not taken/],
    ['ten thousand brackets', '['.repeat(10_000), 1, /call stack/]
  ]
  for (const [why, content, at, reason] of table) {
    const folder = t.testdir()
    await cp('rules', folder, { recursive: true })
    await writeFile(join(folder, 'trio-no.yaml'), content)
    const error = await loadPacks(folder).catch((error: unknown) => error)
    if (!(error instanceof SetupError)) {
      t.fail(`${why}: not refused`, { error })
      continue
    }
    t.match(error.message, reason, why)
    t.ok(
      error.message.startsWith(join(folder, `trio-no.yaml:${at === 0 ? '' : `${at}: `}`)),
      `${why}: ${error.message.slice(folder.length)}`
    )
  }
})

t.test('one error lists all faults of all packs', async (t) => {
  const folder = t.testdir()
  await cp('rules', folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (/^(infracom|trio-no)/.test(name)) await writeFile(join(folder, name), 'triggers: [{}]\n')
  }
  const error = await loadPacks(folder).catch((error: unknown) => error)
  t.match(error, { message: /infracom\.yaml:1: .*\n.*trio-no\.yaml:1: / })
})

t.test('a folder that cannot serve is refused', async (t) => {
  const pack = await readFile('rules/3kontakt.yaml', 'utf8')
  const catalogue = await readFile('rules/catalogue.yaml', 'utf8')
  const folder = t.testdir({
    own: { '3kontakt.yaml': `${pack}\n${catalogue}` },
    noDefault: { 'catalogue.yaml': catalogue, 'mine.yaml': pack },
    noCatalogue: { '3kontakt.yaml': pack },
    oddName: { 'My pack.yaml': pack },
    otherEnding: { 'mine.yml': pack },
    folderForFile: { 'mine.yaml': {} }
  })
  t.equal((await loadPacks(join(folder, 'own'))).size, 1, 'a pack may state a catalogue of its own')
  const table = {
    nowhere: /cannot be read \(ENOENT\)/,
    noDefault: /lacks 3kontakt\.yaml/,
    noCatalogue: /3kontakt\.yaml:1: states no diversions/,
    oddName: /a pack's name is/,
    otherEnding: /rename it to end in \.yaml/,
    folderForFile: /mine\.yaml: cannot be read \(EISDIR\)/
  }
  for (const [name, message] of Object.entries(table)) {
    await t.rejects(loadPacks(join(folder, name)), { name: 'SetupError', message }, name)
  }
})

/** Ten levels of ten: unfolded, ten thousand million nodes. */
function bomb(pack: string): string {
  const levels = [...'abcdefghij'].map((name, index, all) =>
    index === 0
      ? `${name}: &${name} [x]`
      : `${name}: &${name} [${Array(10)
          .fill(`*${all[index - 1]}`)
          .join(', ')}]`
  )
  return `${pack}${levels.join('\n')}\n`
}
