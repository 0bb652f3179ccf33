/** `POST …/test` of a connection: the whole result, or a line for each step as it passes. */
import { type FastifyPluginAsyncTypebox, type TSchema, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Strict } from '../../lib/json-schema.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { sendTestLines, TEST_LINES } from '../connection-test-lines.ts'
import { ConnectionTestLinesSchema, ConnectionTestSchema } from '../schemas/connections.ts'
import { UserId } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const Probe = Type.String({
  pattern: '^[^\\s@]{1,64}@[^\\s@]{1,255}$',
  maxLength: 320,
  description:
    'The address of a mailbox that exists and that the connection may not read. Nothing of it is kept or shown.',
  examples: ['ceo@contoso.com']
})

const ConnectionTestQuery = Strict({ user: Type.Optional(UserId), probe: Type.Optional(Probe) })

/** Who is addressed. */
interface TestedConnection {
  readonly tenant: string
  readonly connection?: string
}

/** `idOf` is null for the tenant's only connection. */
export function addConnectionTest(
  app: Parameters<FastifyPluginAsyncTypebox>[0],
  url: string,
  { params, idOf }: { readonly params: TSchema; readonly idOf: (asked: TestedConnection) => string | null }
): void {
  app.post(
    url,
    {
      config: { access: { roles: ['provider', 'operator'] }, audit: 'connection.test' },
      schema: {
        tags: ['Connections'],
        summary: 'Test the connection',
        description:
          'Step by step, with the very calls that reading uses, for `?user=`, else the first user that was read ' +
          'successfully, else the first enabled; of several connections one whose mailbox is there. May take up to 45 seconds. ' +
          'With `?probe=` one mailbox more is asked for, which is outside the list that the customer limited the connection to: ' +
          `it must be refused. With \`Accept: ${TEST_LINES}\` each step is a line as it passes, and the result the last line.`,
        produces: ['application/json', TEST_LINES],
        params,
        querystring: ConnectionTestQuery,
        response: {
          200: {
            description: 'What went well, and what did not.',
            content: {
              'application/json': { schema: ref(ConnectionTestSchema) },
              [TEST_LINES]: { schema: ConnectionTestLinesSchema }
            }
          },
          ...problems('not_found')
        }
      }
    },
    async ({ params, query, headers, management }, reply) => {
      const untyped = reply as unknown as FastifyReply
      const signal = abortOnDisconnect(untyped)
      const { connections } = management
      const asked = params as TestedConnection
      const id = idOf(asked)
      if (!headers.accept?.includes(TEST_LINES)) {
        return untyped.send(await connections.test(asked.tenant, id, query, signal))
      }
      return sendTestLines(untyped, (onPassed) => connections.test(asked.tenant, id, query, signal, onPassed))
    }
  )
}
