/** What the calls on alarms of a tenant, and of the provider, do not have in common. */
import type { Role } from '../../management/principal.ts'
import type { Tenant } from '../../storage/store.ts'

export interface OwnerCollection {
  readonly url: '/alarms' | '/tenants/:tenant/alarms'
  readonly roles: readonly Role[]
  /** Whose they are, as it goes on from "alarms". */
  readonly whose: string
}

/** Null: the provider. */
export async function ownerOf(
  params: unknown,
  requireTenant: (id: string) => Promise<Tenant>
): Promise<Tenant | null> {
  const { tenant } = (params ?? {}) as { readonly tenant?: string }
  return tenant === undefined ? null : requireTenant(tenant)
}
