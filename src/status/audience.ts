/** Who an answer is for: whether sensitive diversions show in it, and of which user they show nevertheless. */

export interface Audience {
  /** Whether sensitive diversions are shown as they are. */
  readonly sensitive: boolean
  /** A softphone sees its own user as they are. */
  readonly unmaskedUser: string | null
}

export const unmaskedAudience: Audience = { sensitive: true, unmaskedUser: null }
export const maskedAudience: Audience = { sensitive: false, unmaskedUser: null }

export function isMaskedFor({ sensitive, unmaskedUser }: Audience, user: string): boolean {
  return !sensitive && user !== unmaskedUser
}
