/** `/v1/tenants/{tenant}/phonebook.xml`: users and shared contacts, in the forms that telephones fetch. */
import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CallerNames } from '../../caller-names/caller-names.ts'
import { phonebookFormats, writePhonebook } from '../../caller-names/phonebook.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import type { StatusService } from '../../status/status-service.ts'
import { requireView, setDegradedHeader } from '../lookup.ts'
import { formatParams } from '../schemas/caller-names.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { fromMemory } from '../schemas/statuses.ts'
import { withHeaders } from '../schemas/types.ts'
import { namesAccess } from './names.ts'

const PhonebookQuery = Strict({
  format: Type.Optional(
    Enum(phonebookFormats, {
      description:
        '`yealink`: its XML phone book. `snom`: the minibrowser’s. `snom-tbook`: the directory of firmware 10.1.178 and later, which asks by ' +
        'POST. `grandstream`: its `phonebook.xml`.',
      default: 'yealink',
      examples: ['yealink']
    })
  ),
  q: Type.Optional(
    Type.String({
      maxLength: 100,
      description: 'Only those of whom it is part of the name or of a number; case is ignored. Empty: all.',
      examples: ['berg']
    })
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 1000,
      description: 'How many to give at the most, the first by name.',
      examples: [1000]
    })
  ),
  ...formatParams
})

const schema = {
  tags: ['Caller names'],
  summary: 'The phone book',
  description:
    'The tenant’s users with extension and numbers, and the shared contacts. Nobody’s own contacts are in it: of those no number is kept.',
  produces: ['application/xml'],
  params: TenantParams,
  querystring: PhonebookQuery,
  response: {
    200: withHeaders(
      Type.String({
        description: 'XML.',
        examples: [
          '<?xml version="1.0" encoding="UTF-8"?>\n<YealinkIPPhoneDirectory>\n<DirectoryEntry><Name>Anna Ek</Name>' +
            '<Telephone>1070</Telephone></DirectoryEntry>\n</YealinkIPPhoneDirectory>\n'
        ]
      }),
      fromMemory
    ),
    ...problems('not_found')
  }
}

export function phonebookRoutes(deps: {
  readonly statusService: StatusService
  readonly callerNames: CallerNames
}): FastifyPluginAsyncTypebox {
  const { statusService, callerNames } = deps

  async function send(
    {
      params,
      query
    }: Pick<FastifyRequest, never> & {
      readonly params: Static<typeof TenantParams>
      readonly query: Static<typeof PhonebookQuery>
    },
    reply: FastifyReply
  ): Promise<FastifyReply> {
    const view = await requireView(statusService, params.tenant)
    setDegradedHeader(reply, view)
    const { format = 'yealink', q = '', limit = 1000, ascii = false } = query
    const entries = await callerNames.listed(view, params.tenant)
    const xml = await writePhonebook(entries, { format, limit, ascii, ...(q !== '' && { q }) })
    return reply.type('application/xml; charset=utf-8').send(xml)
  }

  return async (app) => {
    // Snom's telephones post a form that says what they are; nothing in it is needed.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { bodyLimit: 16 * 1024, parseAs: 'buffer' }, (_request, _body, done) =>
      done(null, undefined)
    )
    app.get(
      '/tenants/:tenant/phonebook.xml',
      { config: { access: namesAccess }, schema },
      async (request, reply) => send(request, reply as unknown as FastifyReply)
    )
    app.post(
      '/tenants/:tenant/phonebook.xml',
      {
        config: { access: namesAccess, audit: 'none' },
        schema: { ...schema, summary: 'The phone book, for telephones that post' }
      },
      async (request, reply) => send(request, reply as unknown as FastifyReply)
    )
  }
}
