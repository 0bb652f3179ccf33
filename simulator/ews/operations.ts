/** The operations by the name of their request, each with the version that brought it. */
import type { Route } from '../faults.ts'
import { findItem } from './find-item.ts'
import { findFolder, getFolder } from './folders.ts'
import { convertId, deleteItem, getItem } from './items.ts'
import type { RequestContext } from './request-context.ts'
import { resolveNames } from './resolve-names.ts'
import type { SubscriptionStore } from './subscription-store.ts'
import { getEvents, getStreamingEvents, subscribe, unsubscribe } from './subscriptions.ts'
import { syncFolderItems } from './sync-items.ts'
import { getUserAvailability } from './user-availability.ts'
import type { ExchangeSchema } from './versions.ts'
import { createItem, updateItem } from './write-items.ts'
import { getServerTimeZones } from './zones.ts'

export interface Operation {
  readonly route: Route
  readonly since: ExchangeSchema
  /** The body's content; or whole documents, one after the other. */
  run(
    context: RequestContext,
    subscriptions: SubscriptionStore
  ): string | AsyncIterable<Buffer> | Promise<string>
}

const old = 'Exchange2007_SP1'

const named: Readonly<Record<string, Operation>> = {
  GetUserAvailabilityRequest: { route: 'getUserAvailability', since: old, run: getUserAvailability },
  FindItem: { route: 'findItem', since: old, run: findItem },
  GetFolder: { route: 'getFolder', since: old, run: getFolder },
  FindFolder: { route: 'getFolder', since: old, run: findFolder },
  GetItem: { route: 'getItem', since: old, run: getItem },
  CreateItem: { route: 'createItem', since: old, run: createItem },
  UpdateItem: { route: 'updateItem', since: old, run: updateItem },
  DeleteItem: { route: 'deleteItem', since: old, run: deleteItem },
  SyncFolderItems: { route: 'syncFolderItems', since: old, run: syncFolderItems },
  ResolveNames: { route: 'resolveNames', since: old, run: resolveNames },
  Subscribe: { route: 'subscribe', since: old, run: subscribe },
  Unsubscribe: { route: 'unsubscribe', since: old, run: unsubscribe },
  GetEvents: { route: 'getEvents', since: old, run: getEvents },
  GetStreamingEvents: { route: 'getStreamingEvents', since: 'Exchange2010_SP1', run: getStreamingEvents },
  ConvertId: { route: 'ews', since: old, run: convertId },
  GetServerTimeZones: { route: 'ews', since: 'Exchange2010', run: getServerTimeZones }
}

export const operations: ReadonlyMap<string, Operation> = new Map(Object.entries(named))
