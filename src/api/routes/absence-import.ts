/** `/v1/tenants/{tenant}/absences/import`: absences from a sheet. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Strict } from '../../lib/json-schema.ts'
import { AbsenceImportSchema } from '../schemas/absences.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'
import { sendJson, stringifyInSlices } from '../send-json.ts'

const MAX_CSV_BYTES = 16 * 1024 * 1024

const CsvBody = Type.Unsafe<Buffer>({
  description:
    'CSV with a header row of member names: `user`, `absence`, `diversion`, `from` and `until`, and if wanted `phone`. ' +
    'A time is RFC 3339, or local to the user: `2026-12-22 13:00`, or a day alone, which `until` includes.',
  examples: ['user;absence;diversion;from;until\r\nanna;christmas-2026;vacation;2026-12-22;2027-01-06\r\n']
})

const ImportQuery = Strict({
  dryRun: Type.Optional(
    Type.Boolean({ description: 'Save nothing; say what would be done.', default: false, examples: [true] })
  )
})

export function absenceImportRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'text/csv',
      { parseAs: 'buffer', bodyLimit: MAX_CSV_BYTES },
      (_request, body, done) => done(null, body)
    )

    app.post(
      '/tenants/:tenant/absences/import',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'absence.import' },
        bodyLimit: MAX_CSV_BYTES,
        schema: {
          tags: ['Absences'],
          summary: 'Enter or change absences from a sheet',
          description:
            'A bad row has the whole refused before anything is saved, with every bad row by number (the header is row 1) and ' +
            'reason. Absences that the file lacks stay. The same file can always be sent again.',
          consumes: ['text/csv'],
          params: TenantParams,
          querystring: ImportQuery,
          body: CsvBody,
          response: {
            200: ref(AbsenceImportSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ raw, params, query, body, management }, reply) => {
        // 50,000 rows may take longer than a connection may be idle.
        raw.socket.setTimeout(0)
        const { rows, ...rest } = await management.absenceImport.run(params.tenant, body ?? Buffer.alloc(0), {
          dryRun: query.dryRun === true
        })
        return sendJson(reply, await stringifyInSlices(rest, 'rows', rows))
      }
    )
  }
}
