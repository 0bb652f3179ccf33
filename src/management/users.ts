/** Users: checked against zone and catalogue, their URLs sealed, and read anew when what is read of them changed. */
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../domain/calendar-event.ts'
import { type RuleSet, type Trigger, validateTriggers } from '../domain/rule-set.ts'
import { initialSyncRecord, type SyncRecord } from '../domain/sync-state.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { isMailbox, isUrl, sealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Store, User, UserRecord } from '../storage/store.ts'
import type { ManagementDeps } from './management.ts'
import { type PagedList, type PageRequest, paginate } from './pagination.ts'
import { requireRules } from './rules.ts'
import { requireTenant, surrogateErrors, timeZoneErrors } from './tenants.ts'

/** What a user is, as operators write it. Null or absent: none. */
export interface UserFields {
  readonly displayName: string
  readonly extension: string
  readonly numbers?: readonly string[]
  readonly mailbox?: string | null
  readonly syncEnabled: boolean
  readonly timeZone?: string | null
  readonly triggers?: readonly Trigger[]
}

export interface PutUserBody extends UserFields {
  /** The id, where it is stated once more. */
  readonly user?: string
}

/** A mailbox that is a URL is shown by its host alone. */
export interface UserResponse extends UserFields {
  readonly user: string
}

export interface UserManagement {
  put(tenant: string, id: string, body: PutUserBody): Promise<{ user: UserResponse; created: boolean }>
  get(tenant: string, id: string): Promise<UserResponse>
  list(tenant: string, page: PageRequest): Promise<PagedList<UserResponse>>
  remove(tenant: string, id: string): Promise<void>
}

export function createUserManagement({ store, packs, sealer, clock }: ManagementDeps): UserManagement {
  return {
    put: (tenant, id, body) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const { effective: rules } = await requireRules(store, packs, tenant)
        const record = await store.record(tenant, id)
        const faults = [
          ...validateIdInBody(id, body.user),
          ...validateUser(body, storedMailbox(record), rules)
        ]
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)

        const change = diffUser({ tenant, id, body, record, sealer, at: clock() })
        if (change === null) return { user: toResponse(record!.user), created: false }
        const created = await store.saveUsers(tenant, [change], clock())
        return { user: toResponse(change.user), created: created.includes(id) }
      }),

    async get(tenant, id) {
      await requireTenant(store, tenant)
      return toResponse((await requireUserRecord(store, tenant, id)).user)
    },

    async list(tenant, page) {
      await requireTenant(store, tenant)
      return paginate(
        page,
        (asked) => store.users(tenant, asked),
        toResponse,
        (user) => user.user
      )
    },

    remove: (tenant, id) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        if (!(await store.removeUser(tenant, id, clock()))) throw userNotFound(tenant, id)
      })
  }
}

/** All that is kept of a user, or a 404. */
export async function requireUserRecord(store: Store, tenant: string, id: string): Promise<UserRecord> {
  const record = await store.record(tenant, id)
  if (record === null) throw userNotFound(tenant, id)
  return record
}

/** A user as they are to be saved. `sync` is given when what was read of them before no longer counts. */
export interface UserChange {
  readonly user: User
  readonly sync: SyncRecord | null
}

/** What the body makes of the user, or null when they are so already. */
export function diffUser(given: {
  readonly tenant: string
  readonly id: string
  readonly body: UserFields
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
    mailbox: sealIfChanged(tenant, body.mailbox ?? null, before, sealer),
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
function sealIfChanged(
  tenant: string,
  given: string | null,
  before: User | null,
  sealer: Sealer
): User['mailbox'] {
  const held = before?.mailbox ?? null
  if (given === null) return null
  if (held !== null && (given === displayMailbox(held) || isMailbox(tenant, held, given, sealer))) return held
  return sealMailbox(tenant, given, sealer)
}

/** Everything that is wrong with a user beyond the shape. `held` is their mailbox as it is shown. */
export function validateUser(body: UserFields, held: string | null, rules: RuleSet): FieldFault[] {
  const { displayName, mailbox, timeZone, triggers } = body
  return [
    ...surrogateErrors('displayName', displayName),
    ...(typeof mailbox === 'string' && mailbox !== held ? validateMailbox(mailbox) : []),
    ...(typeof timeZone === 'string' ? timeZoneErrors(timeZone) : []),
    ...(triggers === undefined ? [] : validateTriggers(triggers, rules.diversions))
  ]
}

function validateMailbox(mailbox: string): FieldFault[] {
  const fault = (message: string) => [{ field: 'mailbox', message }]
  if (!mailbox.isWellFormed()) return surrogateErrors('mailbox', mailbox)
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

function validateIdInBody(id: string, stated: string | undefined): FieldFault[] {
  return stated === undefined || stated === id
    ? []
    : [{ field: 'user', message: `must be "${id}" as in the address, or be left out` }]
}

export function storedMailbox(record: UserRecord | null): string | null {
  const mailbox = record?.user.mailbox ?? null
  return mailbox === null ? null : displayMailbox(mailbox)
}

function displayMailbox(mailbox: NonNullable<User['mailbox']>): string {
  return 'address' in mailbox ? mailbox.address : mailbox.shown
}

/** As it is given out: what is absent is left out, so that it reads as it was written. */
function toResponse(user: User): UserResponse {
  const { id, displayName, extension, numbers, mailbox, syncEnabled, timeZone, triggers } = user
  return {
    user: id,
    displayName,
    extension,
    ...(numbers.length > 0 && { numbers }),
    ...(mailbox !== null && { mailbox: displayMailbox(mailbox) }),
    syncEnabled,
    ...(timeZone !== null && { timeZone }),
    ...(triggers.length > 0 && { triggers })
  }
}

function userNotFound(tenant: string, id: string): RequestError {
  return new RequestError('not_found', `There is no user "${id}" in the tenant "${tenant}".`)
}
