/** What the ICS connector must make of each file in the fixtures' `ics` folder. */
import { readdir } from 'node:fs/promises'
import { createIcsConnector } from '../../src/connectors/ics/connector.ts'
import { AddressPolicy } from '../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../src/connectors/net/http-client.ts'
import type { CheckedFile } from './graph.ts'

const publicOnly = new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [] })

/** In Europe/Stockholm days, the last one not included. */
type Days = readonly [from: string, to: string]

interface Events {
  readonly days: Days
  /** Occurrences that touch those days, cancelled ones and those of no length included. */
  readonly count: number
  /** The first one's beginning, in UTC. */
  readonly first: string
  /** Events of the file that cannot be placed in time, and are reported. */
  readonly skipped?: number
}

type Expectation = Events | { readonly error: RegExp }

/** Reads every file with the connector itself, limits and deadline included. */
export async function checkIcsFixtures(folder: string): Promise<readonly CheckedFile[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ics')).sort()
  const httpClient = openHttpClient({ addressPolicy: publicOnly })
  const connector = createIcsConnector({ tenant: 'fixtures', folder, httpClient })
  const checked: CheckedFile[] = []
  try {
    for (const file of files) checked.push(await checkFile(file))
  } finally {
    await connector.close()
    await httpClient.close()
  }
  const missing = Object.keys(expectations).filter((file) => !files.includes(file))
  return [...checked, ...missing.map((file) => ({ file, found: 'nothing', fault: 'the file is not there' }))]

  async function checkFile(file: string): Promise<CheckedFile> {
    const expected = expectations[file]
    if (expected === undefined) {
      return { file, found: 'an unknown file', fault: 'no expectation is written for it' }
    }
    const days = 'days' in expected ? expected.days : whenever
    const [reading] = await connector.read({
      targets: [{ mailbox: file, timeZone: 'Europe/Stockholm' }],
      window: { start: midnight(days[0]), end: midnight(days[1]) },
      subjects: false,
      signal: AbortSignal.timeout(30_000)
    })
    if (reading?.outcome !== 'read') {
      const found = reading?.outcome === 'failed' ? reading.error.message : 'nothing'
      const right = 'error' in expected && expected.error.test(found)
      return { file, found, fault: right ? null : `expected ${shown(expected)}` }
    }
    const starts = reading.events.map(({ start }) => start).sort((a, b) => a - b)
    const skipped = Number(
      /^(\d+) events? (?:is|are) left out/.exec(reading.partialRead?.hint ?? '')?.[1] ?? 0
    )
    const first = starts[0] === undefined ? '' : new Date(starts[0]).toISOString().replace(':00.000Z', 'Z')
    const found = { days, count: starts.length, first, ...(skipped === 0 ? {} : { skipped }) }
    return {
      file,
      found: shown(found),
      fault: shown(found) === shown(expected) ? null : `expected ${shown(expected)}`
    }
  }
}

function shown(expectation: Expectation): string {
  if ('error' in expectation) return `an error as ${expectation.error}`
  const { days, count, first, skipped = 0 } = expectation
  return `${count} from ${first}${skipped === 0 ? '' : `, ${skipped} left out`} (${days.join(' to ')})`
}

/** Winter time in all but the summer's windows, which begin an hour early: no file has an event in that hour. */
function midnight(day: string): number {
  return Date.parse(`${day}T00:00:00+01:00`)
}

const whenever: Days = ['1990-01-01', '2030-01-01']

/** Derived from the files by hand; the reason stands beside each. */
const expectations: Readonly<Record<string, Expectation>> = {
  // 19 periods, Tuesdays 27 March to 31 July, 08:00 in Chicago (CDT); the first is DTSTART's own.
  'collective_icalendar__issue_156_RDATE_with_PERIOD_TZID_khal.ics': {
    days: ['2018-01-01', '2019-01-01'],
    count: 19,
    first: '2018-03-27T13:00Z'
  },
  // Four periods, 16:00 by the file's own "Western/Central Europe" in winter.
  'collective_icalendar__issue_156_RDATE_with_PERIOD_TZID_khal_2.ics': {
    days: ['2021-10-01', '2022-04-01'],
    count: 4,
    first: '2021-11-01T15:00Z'
  },
  // Working days Friday 3 July to Wednesday 22 July, UNTIL being that day's start: 1 + 5 + 5 + 3.
  'collective_icalendar__issue_165_missing_event.ics': {
    days: ['2015-07-01', '2015-08-01'],
    count: 14,
    first: '2015-07-03T08:00Z'
  },
  // 13:30 at UTC-3 (May is winter there).
  'collective_icalendar__issue_237_fail_to_parse_timezone_with_non_ascii_tzid.ics': {
    days: ['2017-05-01', '2017-06-01'],
    count: 1,
    first: '2017-05-11T16:30Z'
  },
  // The RDATE period at 12:00 in Berlin; two events have no DTSTART.
  'collective_icalendar__issue_722_missing_timezones.ics': {
    days: ['2024-09-01', '2024-10-01'],
    count: 1,
    first: '2024-09-13T10:00Z',
    skipped: 2
  },
  // 17:00 EDT.
  'collective_icalendar__issue_836_do_not_quote_tzid.ics': {
    days: ['2024-10-01', '2024-11-01'],
    count: 1,
    first: '2024-10-28T21:00Z'
  },
  // Two events, each daily 3 to 23 March without the 11th; the empty EXDATE says nothing.
  'collective_icalendar__parsing_error.ics': {
    days: ['2008-03-01', '2008-04-01'],
    count: 40,
    first: '2008-03-02T23:00Z'
  },
  // Five days at 12:00 EST, the third moved to 14:00, and one more at 15:00 on the first.
  'collective_icalendar__rfc_7265_appendix_example_2_ical.ics': {
    days: ['2006-01-01', '2006-02-01'],
    count: 6,
    first: '2006-01-02T17:00Z'
  },
  // 12:00 PST.
  'collective_icalendar__timezone_same_start.ics': {
    days: ['2017-02-01', '2017-03-01'],
    count: 1,
    first: '2017-02-24T20:00Z'
  },
  // Its last line is END:VCALENDARD.
  'collective_icalendar__timezone_same_start_and_offset.ics': { error: /END does not fit BEGIN:VCALENDAR/ },
  // Five Fridays (1, 8, 15, 22, 29 January) and five Saturdays, 11:00 in Tokyo.
  'ical-org_ical.net__Bug2916581.ics': {
    days: ['2010-01-01', '2010-02-01'],
    count: 10,
    first: '2010-01-01T02:00Z'
  },
  // Every second Thursday, 17:00 in Warsaw: 3, 17, 31 January, 14, 28 February, 13, 27 March.
  'ical-org_ical.net__Bug2959692.ics': {
    days: ['2008-01-01', '2008-04-01'],
    count: 7,
    first: '2008-01-03T16:00Z'
  },
  // 23 May to 2 September each year: the third year's is under way.
  'ical-org_ical.net__Bug3007244.ics': {
    days: ['2012-06-01', '2012-07-01'],
    count: 1,
    first: '2012-05-22T22:00Z'
  },
  // 23 August (cancelled), 1 September, 6 and 13 October; floating.
  'ical-org_ical.net__Calendar1.ics': {
    days: ['2006-08-01', '2006-11-01'],
    count: 4,
    first: '2006-08-23T16:00Z'
  },
  // Four without an end, one of them cancelled.
  'ical-org_ical.net__EventStatus.ics': {
    days: ['2025-01-01', '2025-02-01'],
    count: 4,
    first: '2025-01-01T10:00Z'
  },
  // 21 June, all day.
  'ical-org_ical.net__Outlook2007LineFolds.ics': {
    days: ['2009-06-01', '2009-07-01'],
    count: 1,
    first: '2009-06-20T22:00Z'
  },
  'ical-org_ical.net__XProperty2.ics': {
    days: ['2008-01-01', '2008-02-01'],
    count: 1,
    first: '2008-01-17T23:30Z'
  },
  // Fridays 7, 14, 21 and 28 November, 09:30 in Singapore.
  'ical4j_ical4j__2207678.ics': {
    days: ['2008-11-01', '2008-12-01'],
    count: 4,
    first: '2008-11-07T01:30Z'
  },
  // New Year, 26 January, 18 and 21 April, 25 April, 9 June (moved from the 10th), 25 and 26 December.
  'ical4j_ical4j__Australian32Holidays.ics': {
    days: ['2003-01-01', '2004-01-01'],
    count: 8,
    first: '2002-12-31T23:00Z'
  },
  // 8, 25 and 28 December, the second and last year of each.
  'ical4j_ical4j__Christian32Holidays.ics': {
    days: ['2005-12-01', '2006-01-01'],
    count: 3,
    first: '2005-12-07T23:00Z'
  },
  // Yearly ones on 2, 2, 9, 14, 22, 24 and 24 February, single ones on the 16th and 17th.
  'ical4j_ical4j__EstoniaHolidays.ics': {
    days: ['2010-02-01', '2010-03-01'],
    count: 9,
    first: '2010-02-01T23:00Z'
  },
  'ical4j_ical4j__Session6.ics': {
    days: ['2007-03-01', '2007-04-01'],
    count: 1,
    first: '2007-03-14T17:00Z'
  },
  // The 24th of four months; the first two stand by themselves, though EXDATE takes them from the series.
  'ical4j_ical4j__blalor.ics': { days: ['2004-02-01', '2004-06-01'], count: 4, first: '2004-02-23T23:00Z' },
  'ical4j_ical4j__boeing.ics': { error: /free\/busy times and no events/ },
  // 14:00 at UTC+4.
  'ical4j_ical4j__evolution2.ics': {
    days: ['2021-03-01', '2021-04-01'],
    count: 1,
    first: '2021-03-31T10:00Z'
  },
  // 25, 26 and 27 December of the yearly ones, two single ones on the 27th, New Year.
  'ical4j_ical4j__google_aus_holidays.ics': {
    days: ['2005-12-01', '2006-01-02'],
    count: 6,
    first: '2005-12-24T23:00Z'
  },
  // 18 September at 12:15 PDT, monthly on the 19th three times over, weekly on 20 and 27, daily 21 to 30, every
  // other week on the 20th. One event of another year ends at "18300".
  'ical4j_ical4j__phpicalendar_sample.ics': {
    days: ['2002-09-18', '2002-10-01'],
    count: 17,
    first: '2002-09-18T19:15Z',
    skipped: 1
  },
  // 1 April, 3 September, 2 November.
  'ical4j_ical4j__rfc5545-sec3.6.1.ics': {
    days: ['1997-01-01', '1998-01-01'],
    count: 3,
    first: '1997-04-01T16:30Z'
  },
  // 12:30 at UTC-3.
  'ical4j_ical4j__test-relaxed-parsing.ics': {
    days: ['2016-05-01', '2016-06-01'],
    count: 1,
    first: '2016-05-18T15:30Z'
  },
  // 22:30 PDT.
  'ical4j_ical4j__tmeher.ics': { days: ['2004-10-01', '2004-11-01'], count: 1, first: '2004-10-12T05:30Z' },
  // 3, 6 (no length), 8 (cancelled), 20, 25 and 28 December; the Saturdays begin on New Year's Day.
  'ical4j_ical4j__twinkle.ics': { days: ['2004-12-01', '2005-01-01'], count: 6, first: '2004-12-02T23:00Z' },
  // Two UIDs: one series with three dates, and three single occurrences whose series is not in the file.
  'kewisch_ical.js__google_birthday.ics': {
    days: ['2012-01-01', '2015-01-01'],
    count: 6,
    first: '2012-12-09T23:00Z'
  },
  // First Tuesdays: 2 October (moved to 15:00 PDT), 6 November, 1 January, 5 March, without three of them; and the
  // dates 5 November (moved), 10 and 30 November.
  'kewisch_ical.js__recur_instances.ics': {
    days: ['2012-10-01', '2013-05-01'],
    count: 7,
    first: '2012-10-02T22:00Z'
  },
  // 08:00 on the last Saturday of summer time.
  'mangstadt_biweekly__issue115-1.ics': {
    days: ['2022-10-01', '2022-11-01'],
    count: 1,
    first: '2022-10-29T06:00Z'
  },
  // 08:00 on the first Monday of winter time.
  'mangstadt_biweekly__issue115-2.ics': {
    days: ['2022-10-01', '2022-11-01'],
    count: 1,
    first: '2022-10-31T07:00Z'
  },
  // 09:30 in April and in November.
  'mangstadt_biweekly__issue126.ics': {
    days: ['2023-01-01', '2024-01-01'],
    count: 2,
    first: '2023-04-22T07:30Z'
  },
  // 12:00 EDT.
  'mangstadt_biweekly__outlook-2010.ics': {
    days: ['2013-06-01', '2013-07-01'],
    count: 1,
    first: '2013-06-10T16:00Z'
  }
}
