/** A user's own triggers, one at a time. */
import { Type } from 'typebox'
import { Strict, schemaOf } from '../../lib/json-schema.ts'
import type { PutTriggerBody } from '../../management/triggers.ts'
import { MAX_USER_TRIGGERS } from '../../management/user-fields.ts'
import { TenantId, UserId } from './params.ts'
import { TriggerSchema, triggerMembers } from './rules.ts'
import { ref } from './types.ts'

const { match, text, diversion, phone } = triggerMembers
const example = { match: 'word', text: 'padel', diversion: 'out-of-office' }

export const TriggerParams = Strict({ tenant: TenantId, user: UserId, match, text })

export const PutTriggerSchema = schemaOf<PutTriggerBody>()(
  Strict(
    { diversion, phone },
    {
      $id: 'TriggerPut',
      description: 'What the trigger gives.',
      examples: [{ diversion: 'out-of-office' }]
    }
  )
)

export const TriggerListSchema = Strict(
  {
    triggers: Type.Array(ref(TriggerSchema), {
      maxItems: MAX_USER_TRIGGERS,
      description: 'In order: the first that matches wins. They go before those of the rules.',
      examples: [[example]]
    })
  },
  { $id: 'TriggerList', description: 'A user’s own triggers.', examples: [{ triggers: [example] }] }
)

export const triggerSchemas = [PutTriggerSchema, TriggerListSchema]
