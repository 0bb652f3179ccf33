/** `/v1/tenants/{tenant}/users/import` and `…/export`: users from a sheet, and as one; `…/import`: how far that is. */
import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Enum, Strict } from '../../lib/json-schema.ts'
import type { Management } from '../../management/management.ts'
import { importModes } from '../../management/user-import.ts'
import { OfficeHoursSchema } from '../schemas/office-hours.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ruleSchemas } from '../schemas/rules.ts'
import { ref } from '../schemas/types.ts'
import { ImportProgressSchema, ImportResponseSchema, PutUserSchema } from '../schemas/users.ts'
import { sendJson, stringifyInSlices } from '../send-json.ts'
import { createShapeCheck } from '../validation.ts'

const checkUserShape = createShapeCheck(PutUserSchema, [...ruleSchemas, OfficeHoursSchema])

/** Room for 50,000 users. */
const MAX_CSV_BYTES = 16 * 1024 * 1024

const sheet = 'user;displayName;extension;mailbox;syncEnabled\r\nanna;Anna Ek;1070;anna@acme.example;true\r\n'

const CsvBody = Type.Unsafe<Buffer>({
  description:
    'CSV with a header row of member names: `user`, `displayName`, `extension` and `syncEnabled`, and if wanted ' +
    '`numbers` (separated by space or `|`), `mailbox`, `owner` and `timeZone`. Comma, semicolon or tab, or what a first ' +
    'line `sep=;` says; UTF-8, UTF-16 or Windows-1252.',
  examples: [sheet]
})

const CsvResponse = Type.Unsafe<string>({
  type: 'string',
  description: 'CSV, UTF-8 with a byte order mark, comma-separated, by user id.',
  examples: ['user,displayName,extension,numbers,mailbox,owner,syncEnabled,timeZone\r\n']
})

const ImportQuery = Strict({
  mode: Type.Optional(
    Enum(importModes, {
      description: '`merge`: users that the file lacks stay. `replace`: they are removed.',
      default: 'merge',
      examples: ['merge']
    })
  ),
  dryRun: Type.Optional(
    Type.Boolean({ description: 'Save nothing; say what would be done.', default: false, examples: [true] })
  )
})

export function importRoutes(deps: {
  management: Pick<Management, 'userImport' | 'userExport'>
}): FastifyPluginAsyncTypebox {
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
        config: { access: { roles: ['provider', 'operator'] }, audit: 'user.import' },
        bodyLimit: MAX_CSV_BYTES,
        schema: {
          tags: ['Users'],
          summary: 'Make or change users from a sheet',
          description:
            'A bad row has the whole refused before anything is saved, with every bad row by number (the header is row 1) and ' +
            'reason. Good rows are saved in batches, also after the caller has gone; `GET …/import` says how far it is. Should the ' +
            'store go away halfway, the 503 says how many are saved. The same file can always be sent again: the later import ' +
            'ends the earlier one (409), and what is saved counts as unchanged. A column that is not there leaves what is held, an empty cell takes it away; ' +
            'users’ own triggers stay. Format columns of digits as text before you save: what a spreadsheet has damaged ' +
            '(1076.0, 4.67E+10) is refused, ="01076" and \'01076 are read as 01076.',
          consumes: ['text/csv'],
          params: TenantParams,
          querystring: ImportQuery,
          body: CsvBody,
          response: {
            200: ref(ImportResponseSchema),
            ...problems('not_found', 'import_superseded', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ raw, params, query, body, management }, reply) => {
        // 50,000 rows may take longer than a connection may be idle.
        raw.socket.setTimeout(0)
        const { mode = 'merge', dryRun = false } = query
        const csv = body ?? Buffer.alloc(0)
        const { rows, ...rest } = await management.userImport.run(
          params.tenant,
          csv,
          { mode, dryRun },
          checkUserShape
        )
        return sendJson(reply, await stringifyInSlices(rest, 'rows', rows))
      }
    )

    // Not below `users`: there it would hide a user of that id.
    app.get(
      '/tenants/:tenant/import',
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags: ['Users'],
          summary: 'How far the import is',
          description:
            'The newest import of users that saved anything (no dry run, no file that was refused): while it runs, and how it ended.',
          params: TenantParams,
          response: { 200: ref(ImportProgressSchema), ...problems('not_found') }
        }
      },
      async ({ params }) => deps.management.userImport.progress(params.tenant)
    )

    app.get(
      '/tenants/:tenant/users/export',
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags: ['Users'],
          summary: 'All users as a sheet',
          description:
            'What an import takes. A mailbox that is a URL stands as `https://host/…`, which an import into the same tenant ' +
            'leaves as it is. A cell that a spreadsheet would take for a formula begins with an apostrophe, which the import ' +
            'takes away. In a spreadsheet, open it with all columns as text: else extensions lose their leading zeros.',
          produces: ['text/csv'],
          params: TenantParams,
          response: { 200: CsvResponse, ...problems('not_found') }
        }
      },
      async ({ params }, reply) => {
        const rows = await deps.management.userExport.run(params.tenant)
        reply.type('text/csv; charset=utf-8')
        reply.header('content-disposition', `attachment; filename="users-${params.tenant}.csv"`)
        return (reply as unknown as FastifyReply).send(Readable.from(rows, { objectMode: false }))
      }
    )
  }
}
