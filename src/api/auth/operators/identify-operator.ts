/** Who signed in, and what for: an ID token's claims against the rules of this installation. */
import type { IdTokenClaims } from './oidc-issuer.ts'

export interface OperatorRules {
  /** The claim that lists app roles: `roles`, or a path such as `realm_access.roles`. */
  readonly rolesClaim: string
  /**
   * The directory whose operators may be the provider's: a customer's administrator assigns app roles in his own directory as he
   * likes. Null: none.
   */
  readonly providerDirectory: string | null
}

export interface IdentifiedOperator {
  /**
   * The directory and the subject in it. Never the e-mail address, the UPN or the preferred user name, which can be changed and given
   * to somebody else (Microsoft: "Secure applications and APIs by validating claims").
   */
  readonly identity: string
  /** Entra's tenant id, else the issuer. */
  readonly directory: string
  readonly name: string
  readonly role: 'provider' | 'operator' | null
}

export const PROVIDER_APP_ROLE = 'Hanvisa.Provider'
export const OPERATOR_APP_ROLE = 'Hanvisa.Operator'

const MAX_NAME_LENGTH = 100

/** Null where the claims name nobody. */
export function identifyOperator(claims: IdTokenClaims, rules: OperatorRules): IdentifiedOperator | null {
  const tid = textOf(claims.tid)
  const directory = (tid ?? textOf(claims.iss))?.toLowerCase() ?? null
  const subject = tid === null ? textOf(claims.sub) : textOf(claims.oid)
  if (directory === null || subject === null) return null
  const roles = rolesIn(claims, rules.rolesClaim)
  const isProvider = roles.includes(PROVIDER_APP_ROLE) && directory === rules.providerDirectory?.toLowerCase()
  const name = textOf(claims.name) ?? textOf(claims.preferred_username) ?? subject
  return {
    identity: `${directory}/${subject}`,
    directory,
    name: name.slice(0, MAX_NAME_LENGTH),
    role: isProvider ? 'provider' : roles.includes(OPERATOR_APP_ROLE) ? 'operator' : null
  }
}

function rolesIn(claims: IdTokenClaims, path: string): readonly unknown[] {
  let value: unknown = claims
  for (const name of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  }
  return Array.isArray(value) ? value : [value]
}

function textOf(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' ? claim : null
}
