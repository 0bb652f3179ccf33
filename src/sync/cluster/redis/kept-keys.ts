/** What lies under which key of sync in Redis, `TENANT`, `CONNECTION` and `SHARD` standing for their ids and a shard's number. */
import type { AnyKeptRecord, KeptRecord } from '../../../lib/kept-record.ts'
import type { PublishedStatus } from '../../connection/connection-health.ts'
import type { SyncJob } from '../jobs.ts'
import { connectionStateKey } from './keys.ts'

const connectionState: KeptRecord<PublishedStatus> = {
  name: 'state of a connection',
  about: ['users'],
  until: 'a quarter of an hour after it was written last',
  members: {
    state: {
      state: 'whether it works',
      since: 'since when',
      fault: 'why it fails, and what to do; may name a mailbox',
      nextReadAt: 'when it is tried again',
      notifications: 'how edits are found, and why they are not notified; may name a mailbox'
    },
    changedAt: 'which version of the connection'
  }
}

const job: KeptRecord<SyncJob> = {
  name: 'job',
  about: ['users'],
  until:
    'it is done; of each shard 100 that failed by a defect stay, and 100 events, which name jobs by number',
  members: {
    kind: 'what is to be done',
    tenant: 'for which tenant',
    connection: 'for which of its connections',
    targets: 'digests of mailboxes whose calendars are to be read',
    priority: 'how soon',
    targetId: 'the digest of the mailbox of which something was notified',
    event: 'that it was edited, or that its subscription ended'
  }
}

const lease: AnyKeptRecord = {
  name: 'lease',
  about: [],
  until: 'seconds after its process ended',
  members: { fields: 'which process works for which shard of tenants' }
}

export const keptSyncKeys: Readonly<Record<string, readonly AnyKeptRecord[]>> = {
  [connectionStateKey('TENANT', 'CONNECTION')]: [connectionState],
  '{hanvisa:SHARD}:sync:…': [job],
  '{hanvisa:leases:…}:…': [lease]
}
