/** How caller names and contacts look as bytes, what is kept of them, and for how long. */
import type { KeptRecord } from '../lib/kept-record.ts'
import { jsonCodec } from './codec.ts'
import type { CallerNamesRecord, ContactRecord } from './contacts.ts'

const whileOn = 'caller names are turned off, or the tenant is deleted'

export const keptCallerNames: KeptRecord<CallerNamesRecord> = {
  name: 'caller names',
  about: [],
  until: whileOn,
  members: {
    strip: 'which prefixes the switch dials for an outside line',
    shared: {
      list: 'which list is in use',
      contacts: 'how many contacts it has',
      numbers: 'how many numbers',
      importedAt: 'when it was imported'
    },
    changedAt: 'since when it is so'
  }
}

const untilGone = `the list is replaced or removed; ${whileOn}`

export const keptContact: KeptRecord<ContactRecord> = {
  name: 'contact',
  about: ['callers'],
  until: untilGone,
  members: {
    contact: 'tells it apart within its list',
    numbers: 'keyed digests (HMAC-SHA-256) of its numbers, by which it is found',
    sealed:
      'name and company, and of a shared contact its numbers, sealed with AES-256-GCM under the installation’s master key',
    changedAt: 'which of several is the newest'
  }
}

export const keptContactNumber: KeptRecord<string> = {
  name: 'number of contacts',
  about: ['callers'],
  until: untilGone,
  members: { text: 'which contacts have it, under its keyed digest' }
}

export const keptContactList: KeptRecord<string> = {
  name: 'list of contacts',
  about: [],
  until: untilGone,
  members: { text: 'its name' }
}

export const callerNamesRecord = jsonCodec<CallerNamesRecord>(
  keptCallerNames,
  ({ strip, shared, changedAt }) => ({
    strip,
    shared: shared && {
      list: shared.list,
      contacts: shared.contacts,
      numbers: shared.numbers,
      importedAt: shared.importedAt
    },
    changedAt
  })
)

export const contactRecord = jsonCodec<ContactRecord>(
  keptContact,
  ({ contact, numbers, sealed, changedAt }) => ({ contact, numbers, sealed, changedAt })
)

export const contactNumberRecord = jsonCodec<string>(keptContactNumber, (contacts) => contacts)
export const contactListRecord = jsonCodec<string>(keptContactList, (list) => list)
