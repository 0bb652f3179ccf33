/** Users: checked against zone and catalogue, their URLs sealed, and read anew when what is read of them changed. */
import { isDeepStrictEqual } from 'node:util'
import type { Static } from 'typebox'
import type { UserPut, User as UserShown } from '../api/schemas/users.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { type RuleSet, validateTriggers } from '../domain/rule-set.ts'
import { initialSyncRecord, type SyncRecord } from '../domain/sync-state.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { isMailbox, isUrl, sealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Store, User, UserRecord } from '../storage/store.ts'
import type { DirectoryNeeds } from './management.ts'
import { onePage, type PageAsked, type Paged } from './pagination.ts'
import { knownRules } from './rules.ts'
import { brokenTextFaults, knownTenant, zoneFaults } from './tenants.ts'

export type ShownUser = Static<typeof UserShown>
export type UserBody = Omit<Static<typeof UserPut>, 'user'>

export interface UserDirectory {
  put(
    tenant: string,
    id: string,
    body: Static<typeof UserPut>
  ): Promise<{ user: ShownUser; created: boolean }>
  get(tenant: string, id: string): Promise<ShownUser>
  list(tenant: string, page: PageAsked): Promise<Paged<ShownUser>>
  remove(tenant: string, id: string): Promise<void>
}

export function userDirectory({ store, packs, sealer, clock }: DirectoryNeeds): UserDirectory {
  return {
    put: (tenant, id, body) =>
      store.inTurn(tenant, async (store) => {
        await knownTenant(store, tenant)
        const { effective: rules } = await knownRules(store, packs, tenant)
        const record = await store.record(tenant, id)
        const faults = [...idFaults(id, body.user), ...userFaults(body, heldMailbox(record), rules)]
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)

        const change = changeOf({ tenant, id, body, record, sealer, at: clock() })
        if (change === null) return { user: shown(record!.user), created: false }
        const created = await store.saveUsers(tenant, [change], clock())
        return { user: shown(change.user), created: created.includes(id) }
      }),

    async get(tenant, id) {
      await knownTenant(store, tenant)
      return shown((await knownRecord(store, tenant, id)).user)
    },

    async list(tenant, page) {
      await knownTenant(store, tenant)
      return onePage(
        page,
        (asked) => store.users(tenant, asked),
        shown,
        (user) => user.user
      )
    },

    remove: (tenant, id) =>
      store.inTurn(tenant, async (store) => {
        await knownTenant(store, tenant)
        if (!(await store.removeUser(tenant, id, clock()))) throw noUser(tenant, id)
      })
  }
}

/** All that is kept of a user, or a 404. */
export async function knownRecord(store: Store, tenant: string, id: string): Promise<UserRecord> {
  const record = await store.record(tenant, id)
  if (record === null) throw noUser(tenant, id)
  return record
}

/** A user as they are to be saved. `sync` is given when what was read of them before no longer counts. */
export interface UserChange {
  readonly user: User
  readonly sync: SyncRecord | null
}

/** What the body makes of the user, or null when they are so already. */
export function changeOf(given: {
  readonly tenant: string
  readonly id: string
  readonly body: UserBody
  readonly record: UserRecord | null
  readonly sealer: Sealer
  readonly at: Instant
}): UserChange | null {
  const { tenant, id, body, record, sealer, at } = given
  const before = record?.user ?? null
  const triggers = body.triggers ?? []
  const triggersChanged = before !== null && !isDeepStrictEqual(triggers, before.triggers)
  const user: User = {
    id,
    displayName: body.displayName,
    extension: body.extension,
    numbers: body.numbers ?? [],
    mailbox: mailboxOf(tenant, body.mailbox ?? null, before, sealer),
    syncEnabled: body.syncEnabled,
    timeZone: body.timeZone ?? null,
    triggers,
    triggersSince: before === null || triggersChanged ? at : before.triggersSince
  }
  if (before !== null && isDeepStrictEqual(user, before)) return null
  const wanted = user.syncEnabled && user.mailbox !== null
  if (record === null) {
    // Not 0: a reading for an earlier user of this id, still under way, must not count for this one.
    return { user, sync: initialSyncRecord(wanted, at, at) }
  }
  const readAnew =
    user.mailbox !== record.user.mailbox ||
    user.timeZone !== record.user.timeZone ||
    user.syncEnabled !== record.user.syncEnabled
  return { user, sync: readAnew ? initialSyncRecord(wanted, at, record.sync.generation + 1) : null }
}

/** What is held (the very object) where the mailbox is the same, else the new one, sealed if it is a URL. */
function mailboxOf(
  tenant: string,
  given: string | null,
  before: User | null,
  sealer: Sealer
): User['mailbox'] {
  const held = before?.mailbox ?? null
  if (given === null) return null
  if (held !== null && (given === shownMailbox(held) || isMailbox(tenant, held, given, sealer))) return held
  return sealMailbox(tenant, given, sealer)
}

/** Everything that is wrong with a user beyond the shape. `held` is their mailbox as it is shown. */
export function userFaults(body: UserBody, held: string | null, rules: RuleSet): FieldFault[] {
  const { displayName, mailbox, timeZone, triggers } = body
  return [
    ...brokenTextFaults('displayName', displayName),
    ...(typeof mailbox === 'string' && mailbox !== held ? mailboxFaults(mailbox) : []),
    ...(typeof timeZone === 'string' ? zoneFaults(timeZone) : []),
    ...(triggers === undefined ? [] : validateTriggers(triggers, rules.diversions))
  ]
}

function mailboxFaults(mailbox: string): FieldFault[] {
  const fault = (message: string) => [{ field: 'mailbox', message }]
  if (!mailbox.isWellFormed()) return brokenTextFaults('mailbox', mailbox)
  if (mailbox.trim() !== mailbox) return fault('begins or ends with white space: take it away')
  if (/\p{Cc}/u.test(mailbox)) return fault('holds a control character: take it away')
  if (!isUrl(mailbox)) return []
  if (mailbox.endsWith('/…'))
    return fault('is a URL as we show it, of another than is held: write the whole URL')
  const url = URL.canParse(mailbox) ? new URL(mailbox) : null
  return url !== null && ['https:', 'http:', 'webcal:'].includes(url.protocol) && url.host !== ''
    ? []
    : fault('is no URL that can be read: write one that begins with https://')
}

function idFaults(id: string, stated: string | undefined): FieldFault[] {
  return stated === undefined || stated === id
    ? []
    : [{ field: 'user', message: `must be "${id}" as in the address, or be left out` }]
}

export function heldMailbox(record: UserRecord | null): string | null {
  const mailbox = record?.user.mailbox ?? null
  return mailbox === null ? null : shownMailbox(mailbox)
}

function shownMailbox(mailbox: NonNullable<User['mailbox']>): string {
  return 'address' in mailbox ? mailbox.address : mailbox.shown
}

/** As it is given out: what is absent is left out, so that it reads as it was written. */
function shown(user: User): ShownUser {
  const { id, displayName, extension, numbers, mailbox, syncEnabled, timeZone, triggers } = user
  return {
    user: id,
    displayName,
    extension,
    ...(numbers.length > 0 && { numbers: [...numbers] }),
    ...(mailbox !== null && { mailbox: shownMailbox(mailbox) }),
    syncEnabled,
    ...(timeZone !== null && { timeZone }),
    ...(triggers.length > 0 && { triggers: [...triggers] })
  }
}

function noUser(tenant: string, id: string): RequestError {
  return new RequestError('not_found', `There is no user "${id}" in the tenant "${tenant}".`)
}
