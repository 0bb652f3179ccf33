/** A user's own triggers, added and removed one at a time. `match` and `text` name a trigger, as matching compares texts. */
import { foldCase } from '../domain/matching/case-folding.ts'
import { type Trigger, validateTriggers } from '../domain/rule-set.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import type { Store, UserRecord } from '../storage/store.ts'
import { diffUser } from './diff-user.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'
import { MAX_USER_TRIGGERS, patchUser } from './user-fields.ts'
import { requireUserRecord } from './users.ts'

export type TriggerName = Pick<Trigger, 'match' | 'text'>
export type PutTriggerBody = Pick<Trigger, 'diversion' | 'phone'>

export interface TriggerManagement {
  list(tenant: string, user: string): Promise<readonly Trigger[]>
  /** A new one is put last, an old one changed in its place. */
  put(
    tenant: string,
    user: string,
    name: TriggerName,
    body: PutTriggerBody
  ): Promise<{ trigger: Trigger; created: boolean }>
  remove(tenant: string, user: string, name: TriggerName): Promise<void>
}

export function createTriggerManagement({
  store,
  packs,
  masterKeys,
  clock
}: ManagementDeps): TriggerManagement {
  return {
    async list(tenant, user) {
      await requireTenant(store, tenant)
      return (await requireUserRecord(store, tenant, user)).user.triggers
    },

    put: (tenant, user, { match, text }, body) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const record = await requireUserRecord(store, tenant, user)
        const trigger: Trigger = { match, text, ...body }
        const { effective } = await requireRules(store, packs, tenant)
        const { triggers } = record.user
        const at = triggers.findIndex((other) => isSame(other, trigger))
        const faults = [
          ...validateTriggers([trigger], effective.diversions).map(({ field, message }) => ({
            field: field.replace('triggers/0/', ''),
            message
          })),
          ...(at === -1 ? countFaults(triggers) : [])
        ]
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
        await save(store, tenant, record, at === -1 ? [...triggers, trigger] : triggers.with(at, trigger))
        return { trigger, created: at === -1 }
      }),

    remove: (tenant, user, name) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const record = await requireUserRecord(store, tenant, user)
        const others = record.user.triggers.filter((trigger) => !isSame(trigger, name))
        if (others.length === record.user.triggers.length) {
          throw new RequestError(
            'not_found',
            `The user has no trigger "${name.text}" of the kind ${name.match}.`
          )
        }
        await save(store, tenant, record, others)
      })
  }

  async function save(store: Store, tenant: string, record: UserRecord, triggers: readonly Trigger[]) {
    const at = clock()
    const fields = patchUser(record.user, { triggers })
    const sealer = await masterKeys.sealer()
    const change = diffUser({ tenant, id: record.user.id, fields, sealer, at }, record)
    if (change !== null) await store.saveUsers(tenant, [change], at)
  }
}

/** The second of two such could never match. */
function isSame(one: TriggerName, other: TriggerName): boolean {
  return one.match === other.match && comparableText(one.text) === comparableText(other.text)
}

function comparableText(text: string): string {
  return foldCase(text)
    .replace(/\p{White_Space}+/gu, ' ')
    .trim()
}

function countFaults(triggers: readonly Trigger[]): FieldFault[] {
  return triggers.length < MAX_USER_TRIGGERS
    ? []
    : [
        {
          field: 'text',
          message: `would be one more than ${MAX_USER_TRIGGERS}: remove another trigger first`
        }
      ]
}
