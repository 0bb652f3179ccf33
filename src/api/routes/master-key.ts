/** `/v1/master-key/rotation`: seals what is kept under a new master key, while the service runs. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RequestError, SetupError } from '../../errors.ts'
import { MasterKeyRotationSchema } from '../schemas/master-key.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

export interface MasterKeyDeps {
  /** Throws SetupError, a sentence, where there is no new key to go over to. */
  rotateMasterKey(): Promise<{ readonly resealed: number; readonly unreadable: number }>
}

export function masterKeyRoutes({ rotateMasterKey }: MasterKeyDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/master-key/rotation',
      {
        config: { access: { roles: ['provider'] }, audit: 'master-key.rotate' },
        schema: {
          tags: ['Service'],
          summary: 'Rotate the master key',
          description:
            'Seals every secret under a new master key, or goes on with a rotation that was interrupted; answers when it is ' +
            'done. `hanvisa rotate-key` is this call. With the embedded store the new key is made in the data folder, unless ' +
            '`HANVISA_MASTER_KEY` is set; then, and with Redis, it is `HANVISA_MASTER_KEY_NEXT` of every process.',
          response: { 200: ref(MasterKeyRotationSchema), ...problems() }
        }
      },
      async ({ management }) => {
        const { audit } = management
        await audit.record(null, {}, 'begun')
        try {
          const { resealed, unreadable } = await rotateMasterKey()
          await audit.record(null, { after: { resealed, unreadable } })
          return { resealed, unreadable }
        } catch (error) {
          if (!(error instanceof SetupError)) throw error
          await audit.record(null, {}, 'failed')
          // Its sentence says what the operator must do; it names no key.
          throw new RequestError('invalid_request', error.message)
        }
      }
    )
  }
}
