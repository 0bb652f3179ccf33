/** What a body makes of a user, and whether their calendar must then be read anew. */
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../domain/calendar-event.ts'
import { initialSyncRecord, type SyncRecord } from '../domain/sync-state.ts'
import { isMailbox, sealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { User, UserRecord } from '../storage/store.ts'
import { shownMailbox, type UserFields } from './user-fields.ts'

/** A user as they are to be saved. `sync` is given when what was read of them before no longer counts. */
export interface UserChange {
  readonly user: User
  readonly sync: SyncRecord | null
}

export interface UserFieldsOf {
  readonly tenant: string
  readonly id: string
  readonly fields: UserFields
  readonly sealer: Sealer
  readonly at: Instant
}

/** What the fields make of the user, or null when they are so already. */
export function diffUser(given: UserFieldsOf, record: UserRecord | null): UserChange | null {
  const { at } = given
  const user = buildUser(given, record?.user ?? null)
  if (user === null) return null
  const enabled = user.syncEnabled && user.mailbox !== null
  if (record === null) {
    // Not 0: a reading for an earlier user of this id, still under way, must not count for this one.
    return { user, sync: initialSyncRecord(enabled, at, at) }
  }
  const { user: before, sync } = record
  const isReadAnew =
    user.mailbox !== before.mailbox ||
    user.owner !== before.owner ||
    user.timeZone !== before.timeZone ||
    user.syncEnabled !== before.syncEnabled
  return { user, sync: isReadAnew ? initialSyncRecord(enabled, at, sync.generation + 1) : null }
}

/** The user that the fields describe, or null when that is `before`. */
export function buildUser(
  { tenant, id, fields, sealer, at }: UserFieldsOf,
  before: User | null
): User | null {
  const triggers = fields.triggers ?? []
  const areTriggersChanged = before !== null && !isDeepStrictEqual(triggers, before.triggers)
  const user: User = {
    id,
    displayName: fields.displayName,
    extension: fields.extension,
    numbers: fields.numbers ?? [],
    mailbox: sealIfChanged(tenant, id, fields.mailbox ?? null, before, sealer),
    owner: fields.owner ?? null,
    syncEnabled: fields.syncEnabled,
    timeZone: fields.timeZone ?? null,
    ...(fields.officeHours != null && { officeHours: fields.officeHours }),
    triggers,
    triggersSince: before === null || areTriggersChanged ? at : before.triggersSince
  }
  return before !== null && isDeepStrictEqual(user, before) ? null : user
}

/** What is stored (the very object) where the mailbox is the same, else the new one, sealed if it is a URL. */
function sealIfChanged(
  tenant: string,
  user: string,
  given: string | null,
  before: User | null,
  sealer: Sealer
): User['mailbox'] {
  if (given === null) return null
  if (before !== null && before.mailbox !== null) {
    if (given === shownMailbox(before) || isMailbox(tenant, before, given, sealer)) return before.mailbox
  }
  return sealMailbox(tenant, user, given, sealer)
}
