/** Who is asking: an API key, or an operator who signed in. */

/** Design section 11. */
export const ROLES = ['provider', 'operator', 'switch', 'softphone', 'business', 'monitor'] as const
export type Role = (typeof ROLES)[number]

export interface Principal {
  readonly kind: 'key' | 'operator'
  /** The id of the key; `admin` for HANVISA_ADMIN_KEY; the identity of an operator who signed in. */
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Null for `provider` and `monitor`. */
  readonly tenant: string | null
  /** The user whose softphone it is; null for every other role. */
  readonly user: string | null
  /** Of `softphone` alone: whether the tenant's statuses are open too, masked. */
  readonly colleagues: boolean
  /** Whether sensitive diversions are seen unmasked. */
  readonly sensitive: boolean
}
