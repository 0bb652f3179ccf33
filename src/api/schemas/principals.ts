/** A principal as `/v1/me` answers it. */
import { Type } from 'typebox'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { type Principal, ROLES } from '../../management/principal.ts'

export const PrincipalSchema = schemaOf<Principal>()(
  Strict(
    {
      kind: Enum(['key', 'operator'], { description: 'A key, or an operator who signed in.' }),
      id: Type.String({ description: 'The key’s id, `admin`, or who signed in.' }),
      name: Type.String({ description: 'The name of the key or of the operator.' }),
      role: Enum([...ROLES], { description: 'What the principal may do: docs/security.md.' }),
      tenant: Type.Union([Type.String(), Type.Null()], { description: 'Null: all tenants.' }),
      user: Type.Union([Type.String(), Type.Null()], { description: 'Of a softphone: its user.' }),
      colleagues: Type.Boolean({ description: 'Of a softphone: whether it sees the other users.' }),
      sensitive: Type.Boolean({ description: 'Whether it sees sensitive diversions as they are.' })
    },
    {
      $id: 'Principal',
      description: 'Who asks.',
      examples: [
        {
          kind: 'key',
          id: 'k4gT9sQ2',
          name: 'Switch in the cellar',
          role: 'switch',
          tenant: 'acme',
          user: null,
          colleagues: false,
          sensitive: false
        }
      ]
    }
  )
)

export const principalSchemas = [PrincipalSchema]
