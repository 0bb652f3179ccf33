/** `/v1/tenants/{tenant}/users/import`: users from a sheet. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Directory } from '../../management/management.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'
import { ImportResult } from '../schemas/users.ts'

/** Room for 50,000 users. */
const LARGEST_SHEET = 16 * 1024 * 1024

const Sheet = Type.Unsafe<Buffer>({
  description:
    'CSV with a header row of member names: `user`, `displayName`, `extension` and `syncEnabled`, and if wanted ' +
    '`numbers` (separated by space or `|`), `mailbox` and `timeZone`. Comma, semicolon or tab; UTF-8, UTF-16 or ' +
    'Windows-1252.',
  examples: ['user;displayName;extension;mailbox;syncEnabled\r\nanna;Anna Ek;1070;anna@acme.example;true\r\n']
})

export function importRoutes(needs: { directory: Pick<Directory, 'userImport'> }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'text/csv',
      { parseAs: 'buffer', bodyLimit: LARGEST_SHEET },
      (_request, body, done) => done(null, body)
    )

    app.post(
      '/tenants/:tenant/users/import',
      {
        bodyLimit: LARGEST_SHEET,
        schema: {
          tags: ['Users'],
          summary: 'Make or change users from a sheet',
          description:
            'All rows or none: a bad row has the whole refused, with every bad row by number (the header is row 1) and ' +
            'reason. A column that is not there leaves what is held, an empty cell takes it away, users that the file ' +
            'lacks stay as they are, and so do users’ own triggers.',
          consumes: ['text/csv'],
          params: TenantParams,
          body: Sheet,
          response: {
            200: ref(ImportResult),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body }) => needs.directory.userImport.run(params.tenant, body ?? Buffer.alloc(0))
    )
  }
}
