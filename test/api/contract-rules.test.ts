/** Section 4 of the design, row by row, as `rules/preview` answers: what counts, what matches, what wins. */
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
await service.tenant('acme')
const at = '/v1/tenants/acme'
type Given = Record<string, unknown>
type Event = string | Given

/** Catalogue order is the rank: vacation, out-of-office, meeting, lunch, busy, working-from-home, available. */
const codes = ['vacation', 'out-of-office', 'meeting', 'lunch', 'busy', 'working-from-home', 'available']
const open = new Set(['working-from-home', 'available'])
const diversions = codes.map((code) => ({
  code,
  labels: { sv: code },
  phone: open.has(code) ? 'open' : 'closed'
}))
const word = (text: string, diversion: string, phone?: string) => ({
  match: 'word',
  text,
  diversion,
  ...(phone && { phone })
})
const triggers = [
  word('MÖT', 'meeting'),
  word('LUN', 'lunch'),
  word('kort möte', 'lunch'),
  word('TILL', 'available'),
  word('ÖPPEN', 'meeting', 'open'),
  word('C++', 'vacation'),
  word('(a+)+$', 'vacation'),
  { match: 'prefix', text: 'HEM:', diversion: 'working-from-home' },
  { match: 'prefix', text: 'VS:', diversion: 'out-of-office' },
  { match: 'category', text: 'Semester', diversion: 'vacation' }
]
const availability = {
  free: null,
  tentative: 'busy',
  busy: 'busy',
  oof: 'out-of-office',
  workingElsewhere: 'working-from-home'
}
const rules = { diversions, triggers, availability }

const hour = (clock: string) => `2031-03-05T${clock}:00Z`
async function preview(events: readonly Event[], more: Given = {}) {
  const whole = events.map((event) => ({
    start: hour('09:00'),
    end: hour('10:00'),
    ...(typeof event === 'string' ? { subject: event } : event)
  }))
  const answer = await service.call('POST', `${at}/rules/preview`, { rules, events: whole, ...more })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body
}
/** The diversion of each event on its own. */
async function decided(events: readonly Event[], policies: Given = {}) {
  const { decisions } = await preview(events, { rules: { ...rules, ...policies } })
  return decisions.map(({ diversion }: { diversion: string | null }) => diversion)
}
async function rows(
  t: { strictSame(a: unknown, b: unknown): void },
  table: [Event, string | null][],
  policies?: Given
) {
  const found = await decided(
    table.map(([event]) => event),
    policies
  )
  t.strictSame(
    table.map(([event], index) => [event, found[index]]),
    table
  )
}

t.test('which events count', (t) =>
  rows(t, [
    [{ subject: 'MÖT', cancelled: true }, null],
    [{ subject: 'MÖT', response: 'declined' }, null],
    [{ subject: 'MÖT', end: hour('09:00') }, null],
    [{ busy: 'unknown' }, 'busy'],
    [{ subject: 'Inställt: MÖT' }, null],
    [{ subject: 'RE: Canceled: MÖT' }, null],
    [{}, 'busy']
  ])
)

t.test('triggers first, then the availability map; null does not divert', (t) =>
  rows(t, [
    [{ subject: 'MÖT', busy: 'free' }, 'meeting'],
    [{ subject: 'kund', busy: 'free' }, null],
    [{ subject: 'kund', busy: 'tentative' }, 'busy'],
    [{ subject: 'kund', busy: 'busy' }, 'busy'],
    [{ subject: 'kund', busy: 'oof' }, 'out-of-office'],
    [{ subject: 'kund', busy: 'workingElsewhere' }, 'working-from-home'],
    [{ subject: 'LUN, sedan MÖT' }, 'meeting'],
    ['TILL ÖPPEN', 'available']
  ])
)

t.test('words', (t) =>
  rows(
    t,
    [
      ['LUN: pizza', 'lunch'],
      ['Kund / lun', 'lunch'],
      ['lunar', null],
      ['Lunch', null],
      ['LUN1', null],
      ['LUN\u0301', null],
      ['(LUN)', 'lunch'],
      ['möt', 'meeting'],
      ['mo\u0308t', 'meeting'],
      ['MOT', null],
      ['mot kund', null],
      ['kort\t \u00a0möte', 'lunch'],
      ['kortmöte', null],
      ['kan C++ bra', 'vacation'],
      ['kan C++11', 'vacation'],
      ['kan xC++', null],
      ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', null],
      ['x(a+)+$x', 'vacation'],
      ['', null]
    ],
    { availability: { ...availability, busy: null } }
  )
)

t.test('prefixes and categories', (t) =>
  rows(
    t,
    [
      ['HEM: hela dagen', 'working-from-home'],
      ['hem:nu', 'working-from-home'],
      ['  \t hem:', 'working-from-home'],
      ['Åk HEM: nu', null],
      ['HEM nu', null],
      ['RE: SV:VS: fw:FWD: vb:TR: VL: HEM: x', 'working-from-home'],
      [' sv:hem:', 'working-from-home'],
      ['VS: brev', 'out-of-office'],
      ['SV: VS: brev', 'out-of-office'],
      ['XX: HEM:', null],
      [{ subject: 'x', categories: ['Annat', 'SEMESTER'] }, 'vacation'],
      [{ subject: 'x', categories: ['Semester 2031'] }, null],
      ['Semester', null]
    ],
    { availability: { ...availability, busy: null } }
  )
)

t.test('triggers that cannot be', async (t) => {
  const faults = async (trigger: Given) => {
    const { status, body } = await service.call('PUT', `${at}/rules`, { ...rules, triggers: [trigger] })
    t.equal(status, 400)
    return body.errors[0].field
  }
  t.equal(await faults(word('', 'meeting')), 'triggers/0/text')
  t.equal(await faults(word(' \t', 'meeting')), 'triggers/0/text')
  t.equal(await faults(word('x', 'gone')), 'triggers/0/diversion')
  t.equal(await faults({ ...word('x', 'meeting'), match: 'regex' }), 'triggers/0/match')
  t.equal((await service.call('GET', `${at}/rules`)).body.version, 0, 'nothing was saved')
  const many = Array.from({ length: 2000 }, (_, index) => word(`${'a'.repeat(150)}${index}`, 'meeting'))
  const { status } = await service.call('POST', `${at}/rules/preview`, {
    rules: { ...rules, triggers: many },
    events: Array.from({ length: 500 }, () => ({
      subject: 'a'.repeat(1000),
      start: hour('09:00'),
      end: hour('10:00')
    }))
  })
  t.equal(status, 200, 'and none makes matching slow')
})

t.test('private events', async (t) => {
  const both: [Event, Event] = [
    { subject: 'MÖT', visibility: 'private' },
    { subject: 'MÖT', visibility: 'confidential', busy: 'oof' }
  ]
  t.strictSame(await decided(both), ['meeting', 'meeting'], 'match, the default')
  t.strictSame(await decided(both, { private: 'availability-only' }), ['busy', 'out-of-office'])
  t.strictSame(await decided(both, { private: 'ignore' }), [null, null])
  const { decisions } = await preview(['MÖT', ...both, { visibility: 'private' }])
  t.match(decisions[0].rule, { from: 'tenant', match: 'word', text: 'MÖT' })
  t.strictSame(
    decisions.slice(1).map(({ rule }: Given) => rule),
    [{ from: 'tenant' }, { from: 'tenant' }, { from: 'availability' }]
  )
  for (const { because } of decisions.slice(1)) t.notMatch(because, /MÖT/)
})

t.test('all-day events', async (t) => {
  const day = { start: '2031-03-04T23:00:00Z', end: '2031-03-05T23:00:00Z', allDay: true }
  const events: Event[] = [
    { ...day, subject: 'MÖT' },
    { ...day, subject: 'Annas födelsedag' },
    { ...day, busy: 'tentative' },
    { ...day, busy: 'oof' },
    { ...day, busy: 'workingElsewhere' },
    { ...day, allDay: false }
  ]
  const byDefault = ['meeting', null, null, 'out-of-office', 'working-from-home', 'busy']
  t.strictSame(await decided(events), byDefault)
  t.strictSame(await decided(events, { allDay: 'divert' }), [
    'meeting',
    'busy',
    'busy',
    'out-of-office',
    'working-from-home',
    'busy'
  ])
  t.strictSame(await decided(events, { allDay: 'ignore' }), [null, null, null, null, null, 'busy'])
})

t.test('invitations', async (t) => {
  const answers = ['none', 'organizer', 'accepted', 'tentative', 'notResponded', 'declined']
  const events = answers.map((response) => ({ subject: 'MÖT', response, busy: 'oof' }))
  const away = 'out-of-office'
  t.strictSame(await decided(events), ['meeting', 'meeting', 'meeting', away, away, null])
  const all = await decided(events, { invitations: 'all' })
  t.strictSame(all, ['meeting', 'meeting', 'meeting', 'meeting', 'meeting', null])
})

t.test('overlapping events, in any order', async (t) => {
  const holding = async (events: Event[], changes: Given = {}) => {
    const forth = await preview(events, { rules: { ...rules, ...changes } })
    const back = await preview([...events].reverse(), { rules: { ...rules, ...changes } })
    t.strictSame(forth.timeline, back.timeline)
    return forth.timeline.map(
      (one: Given) => `${String(one.start).slice(11, 16)} ${one.diversion} ${one.phone}`
    )
  }
  const long = { start: hour('08:00'), end: hour('12:00') }
  t.strictSame(
    await holding([{ ...long, subject: 'LUN' }, 'MÖT']),
    ['08:00 lunch closed', '09:00 meeting closed', '10:00 lunch closed'],
    'the higher in the catalogue wins, and what holds it does not end with it'
  )
  t.strictSame(await holding([{ ...long, subject: 'MÖT' }, 'LUN']), ['08:00 meeting closed'])
  t.strictSame(
    await holding([{ ...long }, 'TILL']),
    ['08:00 busy closed', '09:00 available open', '10:00 busy closed'],
    'a trigger for available drops availability'
  )
  t.strictSame(
    await holding([{ ...long, busy: 'oof' }, 'TILL', 'LUN']),
    ['08:00 out-of-office closed', '09:00 lunch closed', '10:00 out-of-office closed'],
    'but not triggers'
  )
  t.strictSame(await holding(['ÖPPEN', 'MÖT']), ['09:00 meeting closed'], 'closed before open')
  const availabilityFirst = { availability: { ...availability, busy: 'meeting' } }
  const { timeline } = await preview(['ÖPPEN', {}], { rules: { ...rules, ...availabilityFirst } })
  t.match(timeline, [{ diversion: 'meeting', phone: 'open' }], 'a trigger before availability')
  t.strictSame(
    await holding([
      { start: hour('09:00'), end: hour('10:00'), subject: 'MÖT' },
      { start: hour('10:00'), end: hour('11:00'), subject: 'MÖT' },
      { start: hour('11:00'), end: hour('12:00'), subject: 'ÖPPEN' },
      { start: hour('13:00'), end: hour('14:00'), subject: 'MÖT' }
    ]),
    ['09:00 meeting closed', '11:00 meeting open', '13:00 meeting closed'],
    'neighbours of one diversion and phone are one'
  )
})

t.test('a user’s own triggers come first, each list in its order', async (t) => {
  const put = await service.call('PUT', `${at}/users/anna`, {
    displayName: 'Anna',
    extension: '1',
    syncEnabled: false,
    triggers: [word('padel', 'vacation'), word('MÖT', 'lunch'), word('padel', 'lunch')]
  })
  t.equal(put.status, 201, put.text)
  const { decisions } = await preview(['MÖT padel', 'MÖT', 'LUN'], { user: 'anna' })
  t.match(decisions, [
    { diversion: 'vacation', rule: { from: 'user', match: 'word', text: 'padel' } },
    { diversion: 'lunch', rule: { from: 'user', match: 'word', text: 'MÖT' } },
    { diversion: 'lunch', rule: { from: 'tenant', match: 'word', text: 'LUN' } }
  ])
  t.match((await preview(['MÖT'])).decisions, [{ diversion: 'meeting' }], 'and are nobody else’s')
})

t.test('the catalogue of the packs', async (t) => {
  const { packs } = (await service.call('GET', '/v1/packs')).body
  t.strictSame(packs.map(({ name }: Given) => name).sort(), [
    '3kontakt',
    'bredband2-availability',
    'bredband2-prefix',
    'infracom',
    'trio-no'
  ])
  const catalogue =
    'sick parental-leave on-leave vacation gone-for-the-day business-trip out-of-office working-off-site ' +
    'do-not-disturb meeting lunch temporarily-out busy working-from-home available'
  for (const { name, rules: pack } of packs) {
    const found = pack.diversions.map(({ code, phone }: Given) => `${code} ${phone}`)
    const meant = catalogue.split(' ').map((code) => `${code} ${open.has(code) ? 'open' : 'closed'}`)
    t.strictSame(found, meant, name)
  }
})
