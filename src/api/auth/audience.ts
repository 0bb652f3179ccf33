/** The audience that a principal is: what masking leaves them to see. */
import type { Principal } from '../../management/principal.ts'
import { type Audience, maskedAudience, unmaskedAudience } from '../../status/audience.ts'

export function audienceOf({ sensitive, user }: Pick<Principal, 'sensitive' | 'user'>): Audience {
  if (sensitive) return unmaskedAudience
  return user === null ? maskedAudience : { sensitive: false, unmaskedUser: user }
}
