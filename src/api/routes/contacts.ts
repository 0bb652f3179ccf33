/** `/v1/tenants/{tenant}/contacts`: the contacts that everybody in a tenant sees, from a sheet. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Strict } from '../../lib/json-schema.ts'
import { ContactImportSchema } from '../schemas/caller-names.ts'
import { TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Caller names']

/** Room for 50,000 contacts. */
const MAX_CSV_BYTES = 16 * 1024 * 1024

const sheet = 'name;company;numbers;companyNumbers\r\nKarin Berg;Acme AB;070-123 45 67;08-123 456 00\r\n'

const CsvBody = Type.Unsafe<Buffer>({
  description:
    'CSV with a header row: `name` or `company` or both, and `numbers` or `companyNumbers` or both, several in a cell separated by comma, ' +
    'semicolon, `/` or `|`. `companyNumbers` are the company’s switchboard’s. Comma, semicolon or tab, or what a first line `sep=;` says; ' +
    'UTF-8, UTF-16 or Windows-1252.',
  examples: [sheet]
})

export function contactsRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'text/csv',
      { parseAs: 'buffer', bodyLimit: MAX_CSV_BYTES },
      (_request, body, done) => done(null, body)
    )

    app.post(
      '/tenants/:tenant/contacts/import',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'contact.import' },
        bodyLimit: MAX_CSV_BYTES,
        schema: {
          tags,
          summary: 'Shared contacts from a sheet',
          description:
            'The sheet is the list: it takes the place of the one before, all at once. Numbers are read as in the tenant’s `country`; one that ' +
            'is none is left out, and the answer says in which row. What is kept is a keyed digest of each number and a sealed record.',
          consumes: ['text/csv'],
          params: TenantParams,
          querystring: Strict({
            dryRun: Type.Optional(
              Type.Boolean({
                description: 'Save nothing; say what would be done.',
                default: false,
                examples: [true]
              })
            )
          }),
          body: CsvBody,
          response: {
            200: ref(ContactImportSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ raw, params, query, body, management }) => {
        // 50,000 rows may take longer than a connection may be idle.
        raw.socket.setTimeout(0)
        const { dryRun = false } = query
        const { cells, ...rest } = await management.contactImport.run(
          params.tenant,
          body ?? Buffer.alloc(0),
          { dryRun }
        )
        return { ...rest, cells: [...cells] }
      }
    )

    app.delete(
      '/tenants/:tenant/contacts',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'contact.delete' },
        schema: {
          tags,
          summary: 'Remove the shared contacts',
          description: 'All of them, at once. Caller names stay on: the tenant’s users are found.',
          params: TenantParams,
          response: { 204: NoContent('They are gone.'), ...problems('not_found') }
        }
      },
      async ({ params, management }, reply) => {
        await management.callerNames.removeShared(params.tenant)
        return reply.code(204).send(null)
      }
    )
  }
}
