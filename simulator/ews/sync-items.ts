/** SyncFolderItems: what was created, changed and deleted since a state that the client keeps, series as their masters. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Mailbox } from '../calendar-item.ts'
import { attempt, ItemError, responseMessages, SoapFault } from './envelope.ts'
import { storedItem } from './find-item.ts'
import { openFolder } from './folders.ts'
import { calendarItem, itemIdOf, readId, shapeOf } from './properties.ts'
import type { RequestContext } from './request-context.ts'
import { all, descendantAt, textAt } from './xml.ts'
import { timesIn } from './zones.ts'

const largestState = 1_000_000

export function syncFolderItems(context: RequestContext): string {
  const { operation, installation, schema } = context
  const selected = shapeOf(descendantAt(operation, 'ItemShape'), installation.version.schema, schema)
  const most = Number(textAt(operation, 'MaxChangesReturned'))
  if (!Number.isInteger(most) || most < 1 || most > 512) {
    throw new SoapFault('ErrorSchemaValidation', 'The request failed schema validation: MaxChangesReturned.')
  }
  const message = attempt(
    'SyncFolderItems',
    '<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>',
    () => {
      const { mailbox, folder, right } = openFolder(
        context,
        descendantAt(operation, 'SyncFolderId')?.children[0]
      )
      const known = readState(mailbox, textAt(operation, 'SyncState') ?? '')
      const ignored = new Set(
        all(descendantAt(operation, 'Ignore'), 'ItemId').map(
          ({ attributes }) => readId(attributes.Id ?? '')?.event
        )
      )
      const itemContext = { mailbox, schema, written: timesIn(context.zone), writes: right === 'fullAccess' }
      const events = folder === 'calendar' ? mailbox.events : new Map<never, never>()
      const changes: string[] = []
      let more = false
      const addChange = (event: string, change: number | null, xml: () => string) => {
        if (changes.length >= most) {
          more = true
          return
        }
        if (!ignored.has(event)) changes.push(xml())
        if (change === null) known.delete(event)
        else known.set(event, change)
      }
      // Newest first, as since 2010 SP2.
      const latest = [...events.values()].sort((a, b) => b.change - a.change)
      for (const event of latest) {
        const before = known.get(event.id)
        if (before === event.change) continue
        const kind = before === undefined ? 'Create' : 'Update'
        const write = () =>
          `<t:${kind}>${calendarItem(storedItem(mailbox, event), selected, itemContext)}</t:${kind}>`
        addChange(event.id, event.change, write)
      }
      for (const id of [...known.keys()]) {
        if (events.has(id)) continue
        addChange(
          id,
          null,
          () => `<t:Delete><t:ItemId Id="${itemIdOf(mailbox, id, null)}" ChangeKey="DwAAAA=="/></t:Delete>`
        )
      }
      return `<m:SyncState>${writeState(mailbox, known)}</m:SyncState><m:IncludesLastItemInRange>${!more}</m:IncludesLastItemInRange><m:Changes>${changes.join('')}</m:Changes>`
    }
  )
  return responseMessages('SyncFolderItems', [message])
}

/** All that the client has received, as Exchange's own states are. */
function writeState(mailbox: Mailbox, known: ReadonlyMap<string, number>): string {
  return gzipSync(JSON.stringify([mailbox.objectId, [...known]])).toString('base64')
}

function readState(mailbox: Mailbox, text: string): Map<string, number> {
  if (text === '') return new Map()
  try {
    const bytes = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: largestState })
    const [owner, known] = JSON.parse(bytes.toString()) as [string, [string, number][]]
    if (owner === mailbox.objectId) return new Map(known)
  } catch {
    // Said below.
  }
  throw new ItemError(
    'ErrorInvalidSyncStateData',
    'Synchronization state data is corrupt or otherwise invalid.'
  )
}
