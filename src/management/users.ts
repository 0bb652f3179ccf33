/** Users: made, changed, found and removed. */
import { RequestError } from '../errors.ts'
import { nextSlice } from '../lib/time-slices.ts'
import { eachPage } from '../storage/page.ts'
import type { Store, User, UserRecord } from '../storage/store.ts'
import { diffUser } from './diff-user.ts'
import type { ManagementDeps } from './management-deps.ts'
import { type PagedList, type PageRequest, paginate } from './pagination.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'
import {
  type PatchUserBody,
  type PutUserBody,
  patchUser,
  shownMailbox,
  toUserResponse,
  type UserFields,
  type UserResponse
} from './user-fields.ts'
import { validateIdInBody, validateUser } from './validate-user.ts'

/** Users that a search checks in one turn of the event loop: about 5 ms. */
const SEARCH_SLICE = 500

export interface UserSearch extends PageRequest {
  /** Part of a name, an extension, a number or a mailbox; case is ignored. */
  readonly q?: string
}

export interface UserManagement {
  put(tenant: string, id: string, body: PutUserBody): Promise<{ user: UserResponse; created: boolean }>
  patch(tenant: string, id: string, body: PatchUserBody): Promise<UserResponse>
  get(tenant: string, id: string): Promise<UserResponse>
  list(tenant: string, search: UserSearch): Promise<PagedList<UserResponse>>
  remove(tenant: string, id: string): Promise<void>
}

export function createUserManagement({
  store,
  packs,
  masterKeys,
  clock,
  registry
}: ManagementDeps): UserManagement {
  return {
    put: (tenant, id, body) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        return save(store, tenant, id, body, await store.record(tenant, id))
      }),

    patch: (tenant, id, body) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const record = await requireUserRecord(store, tenant, id)
        const fields = {
          ...patchUser(record.user, body),
          ...(body.user !== undefined && { user: body.user })
        }
        return (await save(store, tenant, id, fields, record)).user
      }),

    async get(tenant, id) {
      await requireTenant(store, tenant)
      return toUserResponse((await requireUserRecord(store, tenant, id)).user)
    },

    async list(tenant, { q, ...page }) {
      await requireTenant(store, tenant)
      return paginate(
        page,
        (asked) => (q === undefined ? store.users(tenant, asked) : findUsers(store, tenant, q, asked)),
        toUserResponse,
        (user) => user.user
      )
    },

    remove: (tenant, id) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        if ((await store.removeUsers(tenant, [id], clock())).length === 0) throw userNotFound(tenant, id)
        // The keys of the user's softphones are gone too.
        await registry.confirm()
      })
  }

  async function save(
    store: Store,
    tenant: string,
    id: string,
    body: UserFields & { readonly user?: string },
    record: UserRecord | null
  ): Promise<{ user: UserResponse; created: boolean }> {
    const { effective: rules } = await requireRules(store, packs, tenant)
    const faults = [
      ...validateIdInBody(id, body.user),
      ...validateUser(body, shownMailbox(record?.user ?? null), rules)
    ]
    if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
    const at = clock()
    const sealer = await masterKeys.sealer()
    const change = diffUser({ tenant, id, fields: body, sealer, at }, record)
    if (change === null) return { user: toUserResponse(record!.user), created: false }
    const created = await store.saveUsers(tenant, [change], at)
    return { user: toUserResponse(change.user), created: created.includes(id) }
  }
}

async function findUsers(
  store: Store,
  tenant: string,
  q: string,
  { limit, after: from }: { readonly limit: number; readonly after?: string }
): Promise<User[]> {
  const part = fold(q)
  const found: User[] = []
  for await (const user of eachUser(store, tenant, from)) {
    if (matches(user, part) && found.push(user) === limit) break
  }
  return found
}

function matches(user: User, part: string): boolean {
  const texts = [user.displayName, user.extension, ...user.numbers, shownMailbox(user) ?? '']
  return texts.some((text) => fold(text).includes(part))
}

/** As an attendant types it: whatever the case, composed or not. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** All users of the tenant by id, read in slices so that others get their turn. */
export async function* eachUser(store: Store, tenant: string, from?: string): AsyncGenerator<User> {
  for await (const users of eachPage(SEARCH_SLICE, (page) => store.users(tenant, page), from)) {
    yield* users
    await nextSlice()
  }
}

/** All that is stored of a user, or a 404. */
export async function requireUserRecord(store: Store, tenant: string, id: string): Promise<UserRecord> {
  const record = await store.record(tenant, id)
  if (record === null) throw userNotFound(tenant, id)
  return record
}

function userNotFound(tenant: string, id: string): RequestError {
  return new RequestError('not_found', `There is no user "${id}" in the tenant "${tenant}".`)
}
