/** A Graph reply of a full batch to CalendarEvents, beside JSON.parse of it. */
import { parseCalendarEvents, selectedProperties } from '../src/connectors/graph/read/calendar-events.ts'
import { comparePaired, formatRatio, measureCpuMs, printRow } from './paired-runs.ts'

const MAILBOXES = 20
const EVENTS = 20
const TURNS = 40

export async function benchGraphReply(): Promise<void> {
  const reply = JSON.stringify(batchReply())
  let events = 0
  const { ratio, ours, baseline } = await comparePaired(
    9,
    () =>
      measureCpuMs(() => {
        for (let turn = 0; turn < TURNS; turn++) {
          const { responses } = JSON.parse(reply) as ReturnType<typeof batchReply>
          for (const { body } of responses) events += parseCalendarEvents(body, 'Europe/Stockholm').length
        }
      }) / TURNS,
    () =>
      measureCpuMs(() => {
        for (let turn = 0; turn < TURNS; turn++) JSON.parse(reply)
      }) / TURNS
  )
  if (events === 0) throw new Error('no events were read')
  const inMilliseconds = (figure: number) => `${figure.toFixed(2)} ms`
  printRow(
    `Graph reply, ${MAILBOXES} mailboxes × ${EVENTS} events`,
    inMilliseconds(ours),
    inMilliseconds(baseline),
    formatRatio(ratio),
    '≤ 1.5 × JSON.parse'
  )
}

/** In the shape of Microsoft's documentation of calendarView with `$select`. */
function batchReply() {
  const responses = Array.from({ length: MAILBOXES }, (_, mailbox) => ({
    id: String(mailbox),
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: {
      '@odata.context': `https://graph.microsoft.com/v1.0/$metadata#users('u${mailbox}')/calendarView(${selectedProperties})`,
      value: Array.from({ length: EVENTS }, (_, index) => ({
        '@odata.etag': 'W/"ZlnW4RIAV06KYYwlrfNZvQAAKGWwbw=="',
        id: `AAMkAGIAAAoZDOFAAA${mailbox}.${index}`,
        subject: `Avstämning ${index} med kund`,
        start: {
          dateTime: `2026-11-${String(10 + (index % 14)).padStart(2, '0')}T09:00:00.0000000`,
          timeZone: 'UTC'
        },
        end: {
          dateTime: `2026-11-${String(10 + (index % 14)).padStart(2, '0')}T10:00:00.0000000`,
          timeZone: 'UTC'
        },
        isAllDay: false,
        showAs: 'busy',
        sensitivity: 'normal',
        isCancelled: false,
        responseStatus: { response: 'organizer', time: '0001-01-01T00:00:00Z' },
        categories: [],
        type: 'occurrence'
      }))
    }
  }))
  return { responses }
}
