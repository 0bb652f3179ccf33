/** The connector to iCalendar files: published calendars by their address, and files below the tenant's folder. */
import { RemoteError } from '../../errors.ts'
import type { CalendarSubscription, Connector } from '../connector.ts'
import { CalendarReader, type IcsConnectorOptions } from './calendar-reader.ts'
import { parseCalendarSource } from './calendar-source.ts'
import { checkCalendar } from './check-connection.ts'
import { FileWatcher } from './file-watcher.ts'

export function createIcsConnector(options: IcsConnectorOptions): Connector {
  const { folder, clock = Date.now } = options
  const reader = new CalendarReader(options)
  const files = new FileWatcher(folder)
  const closing = new AbortController()
  return {
    batchSize: 1,
    read: ({ targets, ...request }) => {
      const signal = AbortSignal.any([request.signal, closing.signal])
      return Promise.all(targets.map((target) => reader.read(target, { ...request, signal })))
    },
    check: (target, signal, onPassed) => checkCalendar(reader, target, { now: clock(), signal, onPassed }),
    // An ETag says more for less.
    fingerprints: async ({ targets }) => targets.map(() => null),
    // Of a file's edits the file system tells, but not reliably on every disk: it stays inactive, and is polled as well.
    subscribe({ mailbox }, listener) {
      const inactive: CalendarSubscription = { onNotification: () => {}, stop: () => {} }
      try {
        const source = parseCalendarSource(mailbox, folder)
        if (source.kind !== 'file') return inactive
        return { onNotification: () => {}, stop: files.watch(source.path, () => listener.onChange()) }
      } catch {
        // A mailbox that names nothing: reading says so.
        return inactive
      }
    },
    async close() {
      closing.abort(
        new RemoteError('unreachable', 'The connection was closed while its calendar was being read.')
      )
      files.close()
    }
  }
}
