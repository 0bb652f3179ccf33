/** What changed in any tenant: each entry as a tenant's own feed has it, with the tenant's id. */
import { Type } from 'typebox'
import { Strict } from '../../lib/json-schema.ts'
import { schemasOf, statusMembers } from '../../status/status-members.ts'
import { ExtensionParam, TenantId, UserId } from './params.ts'

const removed = Type.Literal(true, { description: 'It is gone.' })

export const ProviderChangesSchema = Strict(
  {
    cursor: Type.String({
      description: 'Where to go on. Opaque.',
      examples: ['cDEuMDE5YWQyZmUuNDIuMTc5NTQ']
    }),
    changes: Type.Array(
      Type.Union([
        Type.Unsafe({
          type: 'object',
          additionalProperties: false,
          properties: {
            tenant: TenantId,
            users: { type: 'array', items: UserId, description: 'With `by=extension`: who shares it.' },
            ...schemasOf(statusMembers)
          },
          required: ['tenant', ...Object.keys(statusMembers)]
        }),
        Strict({ tenant: TenantId, user: UserId, extension: ExtensionParam, removed }),
        Strict({ tenant: TenantId, extension: ExtensionParam, removed }),
        Strict({ tenant: TenantId, removed })
      ]),
      {
        description:
          'Each user (with `by=extension` each extension) of whom anything that a Status shows has changed, as they are now. A ' +
          'tenant that is gone has no user.'
      }
    )
  },
  {
    $id: 'ProviderChanges',
    description: 'What changed in any tenant since a cursor.',
    examples: [
      {
        cursor: 'cDEuMDE5YWQyZmUuNDIuMTc5NTQ',
        changes: [{ tenant: 'acme', user: 'bo', extension: '1071', removed: true }]
      }
    ]
  }
)

export const providerChangesSchemas = [ProviderChangesSchema]
