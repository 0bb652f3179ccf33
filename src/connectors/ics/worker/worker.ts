/** The thread in which calendars are read: whatever is in them, the service that answers the switch does not wait. */
import { parentPort } from 'node:worker_threads'
import { decodeCalendar } from '../decode.ts'
import { UnreadableCalendar } from '../errors.ts'
import { readCalendar } from '../read-calendar.ts'
import { READY, type WorkerJob, type WorkerResponse } from './messages.ts'

parentPort?.on('message', (job: WorkerJob) => {
  parentPort?.postMessage(answer(job))
})
parentPort?.postMessage(READY)

function answer({ bytes, charset, ...rest }: WorkerJob): WorkerResponse {
  try {
    return { read: readCalendar({ ...rest, text: decodeCalendar(bytes, charset) }) }
  } catch (error) {
    // Any other error is a fault of ours or of ical.js, and its message may quote the calendar.
    return { unreadable: error instanceof UnreadableCalendar ? error.message : 'it could not be worked out' }
  }
}
