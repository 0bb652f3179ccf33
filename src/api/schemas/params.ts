/** What stands in addresses and queries everywhere: ids, extensions, codes and pages. */
import { Type } from 'typebox'
import { Strict } from '../../lib/json-schema.ts'

const ID = '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$'

export const TenantId = Type.String({
  pattern: ID,
  description: 'The tenant’s id: 1 to 64 of letters, digits and `. _ @ + -`, a letter or digit first.',
  examples: ['acme']
})

export const UserId = Type.String({
  pattern: ID,
  description: 'The user’s id within the tenant: 1 to 64 of letters, digits and `. _ @ + -`.',
  examples: ['anna']
})

export const ExtensionParam = Type.String({
  pattern: '^[^\\s\\p{C}]{1,32}$',
  description: 'What is dialled to reach the user: 1 to 32 visible characters. It may be shared.',
  examples: ['1070']
})

export const DiversionCode = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
  description: 'A diversion’s code in the tenant’s catalogue.',
  examples: ['meeting']
})

export const ConnectionId = Type.String({
  pattern: ID,
  description: 'The connection’s id within the tenant: 1 to 64 of letters, digits and `. _ @ + -`.',
  examples: ['exchange']
})

export const TenantParams = Strict({ tenant: TenantId })
export const ConnectionParams = Strict({ tenant: TenantId, connection: ConnectionId })
export const UserParams = Strict({ tenant: TenantId, user: UserId })

/** `?limit=` and `?after=` of every list. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 1000,
      description: 'How many to give at the most.',
      examples: [100]
    })
  ),
  after: Type.Optional(
    Type.String({
      maxLength: 64,
      description: 'Give those whose id sorts after this one: the `after` of the page before.',
      examples: ['acme']
    })
  )
}
export const PageQuery = Strict(pageQuery)

/** The `after` member of a list's answer. */
export const AfterParam = Type.Optional(
  Type.String({ description: 'There are more: ask again with this `after`.', examples: ['acme'] })
)
