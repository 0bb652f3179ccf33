/** What a rotation of the master key did. */
import { Type } from 'typebox'
import { Strict } from '../../lib/json-schema.ts'

export const MasterKeyRotationSchema = Strict(
  {
    resealed: Type.Integer({
      description:
        'Secrets that this call sealed under the new key. After an interruption: those that were left.',
      examples: [412]
    }),
    unreadable: Type.Integer({
      description:
        'Secrets that no known key opens. They stay as they are: put those connections and calendar URLs again.',
      examples: [0]
    })
  },
  {
    $id: 'MasterKeyRotation',
    description: 'What a rotation of the master key did.',
    examples: [{ resealed: 412, unreadable: 0 }]
  }
)
