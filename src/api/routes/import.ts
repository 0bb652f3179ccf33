/** `/v1/tenants/{tenant}/users/import`: users from a sheet. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Management } from '../../management/management.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ruleSchemas } from '../schemas/rules.ts'
import { ref } from '../schemas/types.ts'
import { ImportResultSchema, PutUserSchema } from '../schemas/users.ts'
import { createShapeCheck } from '../validation.ts'

/** Room for 50,000 users. */
const MAX_CSV_BYTES = 16 * 1024 * 1024

const CsvBody = Type.Unsafe<Buffer>({
  description:
    'CSV with a header row of member names: `user`, `displayName`, `extension` and `syncEnabled`, and if wanted ' +
    '`numbers` (separated by space or `|`), `mailbox` and `timeZone`. Comma, semicolon or tab; UTF-8, UTF-16 or ' +
    'Windows-1252.',
  examples: ['user;displayName;extension;mailbox;syncEnabled\r\nanna;Anna Ek;1070;anna@acme.example;true\r\n']
})

export function importRoutes(deps: {
  management: Pick<Management, 'userImport'>
}): FastifyPluginAsyncTypebox {
  const checkUserShape = createShapeCheck(PutUserSchema, ruleSchemas)
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'text/csv',
      { parseAs: 'buffer', bodyLimit: MAX_CSV_BYTES },
      (_request, body, done) => done(null, body)
    )

    app.post(
      '/tenants/:tenant/users/import',
      {
        bodyLimit: MAX_CSV_BYTES,
        schema: {
          tags: ['Users'],
          summary: 'Make or change users from a sheet',
          description:
            'All rows or none: a bad row has the whole refused, with every bad row by number (the header is row 1) and ' +
            'reason. A column that is not there leaves what is held, an empty cell takes it away, users that the file ' +
            'lacks stay as they are, and so do users’ own triggers.',
          consumes: ['text/csv'],
          params: TenantParams,
          body: CsvBody,
          response: {
            200: ref(ImportResultSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body }) =>
        deps.management.userImport.run(params.tenant, body ?? Buffer.alloc(0), checkUserShape)
    )
  }
}
