/** Every example of a recurrence rule that RFC 5545 prints gives what it prints there. */
import t from '../../group/tap.ts'
import { calendar, event, parsedInstant, read } from './calendars.ts'
import { type RfcExample, rfcExamples } from './rfc-recurrence-examples.ts'

const timeZone = 'America/New_York'
const inNewYork = new Intl.DateTimeFormat('sv-SE', {
  timeZone,
  dateStyle: 'short',
  timeStyle: 'short',
  hourCycle: 'h23'
})

/** `1997-09-02 09:00` of each. */
function expectedOf({ start, expected }: RfcExample): string[] {
  return expected.split('; ').flatMap((group) => {
    const [month = '', days = ''] = group.split(': ')
    const [list = '', times = `${start.slice(9, 11)}.${start.slice(11, 13)}`] = days.split(' at ')
    return list.split(', ').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, offset) => first + offset).flatMap((day) =>
        times.split(' ').map((time) => `${month}-${String(day).padStart(2, '0')} ${time.replace('.', ':')}`)
      )
    })
  })
}

for (const example of rfcExamples) {
  t.test(`${example.title}: ${example.rule}`, async (t) => {
    const { start, rule, forever } = example
    const expected = expectedOf(example)
    const end = `${Number(expected.at(-1)!.slice(0, 4)) + 1}-01-01T00:00:00Z`
    const text = calendar(
      event(`DTSTART;TZID=${timeZone}:${start}`, 'DURATION:PT1M', 'SUMMARY:x', `RRULE:${rule}`)
    )
    const result = read(text, {
      timeZone,
      window: { start: parsedInstant('1996-01-01T00:00:00Z'), end: parsedInstant(end) },
      limits: {
        maxOccurrences: 100_000,
        maxEventOccurrences: 100_000,
        maxSteps: 5_000_000,
        maxEventSteps: 5_000_000
      }
    })
    t.equal(result.partialRead, null)
    const local = result.events.map((one) => inNewYork.format(one.start)).sort()
    // DTSTART is an occurrence even where its rule does not give it (section 3.8.5.3), as in the thirteenths.
    const first = `${start.slice(0, 4)}-${start.slice(4, 6)}-${start.slice(6, 8)} ${start.slice(9, 11)}:${start.slice(11, 13)}`
    const found = expected[0] === first ? local : local.filter((one) => one !== first)
    t.same(forever ? found.slice(0, expected.length) : found, expected)
  })
}
