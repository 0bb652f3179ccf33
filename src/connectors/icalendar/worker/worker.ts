/** The worker in which calendars are read: whatever is in them, the service that answers the switch does not wait. */
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { decodeCalendar } from '../decode.ts'
import { UnreadableCalendar } from '../errors.ts'
import { type ParsedCalendar, readCalendar } from '../read-calendar.ts'
import type { WorkerJob, WorkerRequest, WorkerResponse } from './messages.ts'

/** So few that the service takes them in within a few milliseconds. */
const SLICE = 500

let parsed: ParsedCalendar | null = null
let sent = 0

parentPort?.on('message', (request: WorkerRequest) => {
  if (request === 'next') sendSlice()
  else run(request.job, request.rejected)
})
send('ready')

function run(job: WorkerJob, rejected: readonly string[]): void {
  const hash = createHash('sha256').update(job.bytes).digest('base64')
  send({ hash })
  if (rejected.includes(hash)) {
    send('rejected')
    return
  }
  const { bytes, charset, ...rest } = job
  try {
    parsed = readCalendar({ ...rest, text: decodeCalendar(bytes, charset) })
    sent = 0
    sendSlice()
  } catch (error) {
    // Any other error is a fault of ours or of ical.js, and its message may quote the calendar.
    send({
      unreadable: error instanceof UnreadableCalendar ? error.message : 'it could not be worked out'
    })
  }
}

function sendSlice(): void {
  if (parsed === null) return
  const { events, ...rest } = parsed
  const slice = events.slice(sent, sent + SLICE)
  sent += slice.length
  const isLast = sent >= events.length
  if (isLast) parsed = null
  send({ events: slice, rest: isLast ? rest : null })
}

function send(response: WorkerResponse): void {
  parentPort?.postMessage(response)
}
