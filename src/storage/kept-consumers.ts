/** What the store keeps of consumers, and for how long. */
import type { KeptRecord } from '../lib/kept-record.ts'
import type { ConsumerProgress, ConsumerRecord, UserDelivery } from './consumers.ts'

const withConsumer = 'the consumer or the tenant is deleted'

export const keptConsumer: KeptRecord<ConsumerRecord> = {
  name: 'consumer',
  about: [],
  until: withConsumer,
  members: {
    id: 'names the consumer',
    kind: 'how it is spoken to',
    version: 'tells its settings apart',
    open: 'addresses, filters and account names, in clear',
    sealed: 'secrets, sealed with AES-256-GCM under the installation’s master key',
    pausedAt: 'since when it is paused',
    changedAt: 'since when it is so'
  }
}

export const keptConsumerProgress: KeptRecord<ConsumerProgress> = {
  name: 'progress of a consumer',
  about: [],
  until: withConsumer,
  members: {
    state: 'whether it works',
    cursor: 'what was acknowledged',
    acknowledgedAt: 'when something was acknowledged last',
    failures: 'how often it failed in a row',
    failingSince: 'since when it fails',
    error: { code: 'why it fails', hint: 'what to do about it' },
    behindSince: 'how far it is behind',
    savedAt: 'when this was saved',
    users: {
      ok: 'how many users are acknowledged',
      sent: 'how many were sent',
      failed: 'how many failed',
      takenOver: 'how many were set by others'
    }
  }
}

export const keptUserDelivery: KeptRecord<UserDelivery> = {
  name: 'what a consumer acknowledged of a user',
  about: ['users'],
  until: 'the user, the consumer or the tenant is deleted',
  members: {
    user: 'whose it is',
    extension: 'under which it was set',
    outcome: 'what became of it',
    digest: 'tells whether another state is to be sent; no label is kept',
    tag: 'by which the consumer lets it be changed',
    at: 'when',
    refreshAt: 'when it is sent again by itself',
    error: { code: 'why it failed', hint: 'what to do about it' }
  }
}
