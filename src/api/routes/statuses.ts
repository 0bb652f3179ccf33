/** `/v1/tenants/{tenant}/statuses` and `…/users/{user}/status`: who is diverted, until when, and why. */
import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { causeAt, statusAt } from '../../domain/status.ts'
import { floorToSecond } from '../../domain/whole-seconds.ts'
import { Strict } from '../../lib/json-schema.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import type { Audience } from '../../status/audience.ts'
import { createExplainer, type ExplainStatusDeps } from '../../status/explain-status.ts'
import { findStatuses, type StatusFilter } from '../../status/find-statuses.ts'
import type { StatusService } from '../../status/status-service.ts'
import type { StatusesResponse } from '../../status/statuses-response.ts'
import { timelineFor, toStatus } from '../../status/user-state.ts'
import { type StatusFormat, tenantFormat } from '../../status/view-moment.ts'
import { requireOwnUser } from '../auth/access.ts'
import { audienceOf } from '../auth/audience.ts'
import { compressChunks, negotiateCoding } from '../compression.ts'
import { requireInstantInWindow, requireUserState, requireView, setDegradedHeader } from '../lookup.ts'
import { pageQuery, TenantParams, UserParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import {
  formatQuery,
  fromMemory,
  StatusesSchema,
  StatusQuerySchema,
  StatusSchema
} from '../schemas/statuses.ts'
import { InstantSchema, ref, withHeaders } from '../schemas/types.ts'
import { sendJson, sendJsonChunks, sendNotModified, setEntityTag } from '../send-json.ts'

const tags = ['Statuses']

/** A switch asks for a thousand extensions at a time; all headers together may have 16 KiB. */
const LONGEST_LIST = 15_000

const commaList = (description: string, example: string, pattern = '^[^,]+(,[^,]+)*$') =>
  Type.Optional(Type.String({ pattern, maxLength: LONGEST_LIST, description, examples: [example] }))

export const StatusesHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'The `ETag` held.', examples: ['"l0ng4ndOpaque"'] })
  ),
  'accept-encoding': Type.Optional(
    Type.String({ description: '`br` and `gzip` are honoured.', examples: ['gzip, br'] })
  )
})

const ETag = Type.String({
  description: 'Equal for equal answers, on every replica. Weak (`W/`) where the answer is compressed.',
  examples: ['"l0ng4ndOpaque"']
})

export const StatusesQuery = Strict({
  at: Type.Optional(InstantSchema('Compute them for this instant instead of now; any in the window.')),
  diversion: commaList('Only these diversions, a comma list of codes.', 'meeting,lunch'),
  phone: commaList('Only `open` or only `closed` phones.', 'closed', '^(open|closed)(,(open|closed))*$'),
  extension: commaList('Only these extensions or numbers, a comma list.', '1070,%2B46701740605'),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Only those of whom it is part of the name, the extension or a number; case is ignored.',
      examples: ['ek']
    })
  ),
  ...pageQuery,
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'How many to give at the most; without, all.',
      examples: [100]
    })
  ),
  ...formatQuery
})

export function statusesRoutes(
  needs: { readonly statusService: StatusService; readonly clock: () => number } & ExplainStatusDeps
): FastifyPluginAsyncTypebox {
  const { statusService, clock } = needs
  return async (app) => {
    app.get(
      '/tenants/:tenant/statuses',
      {
        config: {
          access: { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'colleagues' },
          limits: 'from-memory'
        },
        schema: {
          tags,
          summary: 'Everybody’s status',
          description:
            'By user id, or with `by=extension` one entry for each extension; with a cursor for `changes`. Answered from ' +
            'memory; send the `ETag` back as `If-None-Match` and the answer is 304 while nothing has changed. Filtered ' +
            'answers, pages and those for `?at=` carry no cursor. `sync` is always of now.',
          params: TenantParams,
          querystring: StatusesQuery,
          headers: StatusesHeaders,
          response: {
            200: withHeaders(ref(StatusesSchema), { ETag, ...fromMemory }),
            304: withHeaders(Type.Null({ description: 'Nothing has changed since the `ETag`.' }), {
              ETag,
              ...fromMemory
            }),
            ...problems('not_found')
          }
        }
      },
      async ({ params, query, headers, principal }, reply) => {
        const view =
          statusService.loadedView(params.tenant) ?? (await requireView(statusService, params.tenant))
        setDegradedHeader(reply, view)
        const format = formatOf(query, audienceOf(principal))
        if (isForAllNow(query)) {
          const answer = view.keptStatuses(format) ?? (await view.statuses(format))
          return sendStatuses(reply, answer, headers)
        }
        const at = query.at === undefined ? clock() : requireInstantInWindow(query.at, clock())
        const { limit = Infinity, after } = query
        const page = { limit, ...(after !== undefined && { after }) }
        const found = await findStatuses(view.moment(), { ...format, filter: filterOf(query), at, ...page })
        return reply.send({
          at: formatInstant(floorToSecond(at)),
          ...(found.after !== undefined && { after: found.after }),
          statuses: [...found.statuses]
        })
      }
    )

    app.get(
      '/tenants/:tenant/users/:user/status',
      {
        config: {
          access: { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'colleagues' },
          limits: 'from-memory'
        },
        schema: {
          tags,
          summary: 'One user’s status',
          description:
            'With `explain=true` also which rule gives it, and why in a sentence; that is 503 while the store is away, and 403 for a softphone of another user.',
          params: UserParams,
          querystring: StatusQuerySchema,
          response: { 200: withHeaders(ref(StatusSchema), fromMemory), ...problems('not_found') }
        }
      },
      async ({ params, query, principal }, reply) => {
        if (query.explain === true) requireOwnUser(principal, params.user)
        const view =
          statusService.loadedView(params.tenant) ?? (await requireView(statusService, params.tenant))
        setDegradedHeader(reply, view)
        const audience = audienceOf(principal)
        if (query.at === undefined && query.explain !== true) {
          requireUserState(view, params.user)
          return sendJson(reply, view.status(params.user, audience))
        }
        const user = requireUserState(view, params.user)
        const at = query.at === undefined ? clock() : requireInstantInWindow(query.at, clock())
        const timeline = timelineFor(user, view.context, audience)
        const status = toStatus(user, statusAt(timeline, at), view.context, clock())
        if (query.explain !== true) return reply.send(status)
        const why = await createExplainer(needs, params.tenant, user, view.context, audience)
        return reply.send({ ...status, ...why(causeAt(timeline, at)) })
      }
    )
  }
}

type StatusesQueryParams = Static<typeof StatusesQuery>

/** Then the answer is kept, has an ETag and carries a cursor. */
function isForAllNow(query: StatusesQueryParams): boolean {
  for (const name in query) if (!(name in formatQuery)) return false
  return true
}

function formatOf({ by = 'user', language }: StatusesQueryParams, audience: Audience): StatusFormat {
  return by === 'user' && language === undefined && audience === tenantFormat.audience
    ? tenantFormat
    : { by, language: language ?? null, audience }
}

/** The compressed bytes are kept like the plain ones. Their ETag is weak: it is the same answer in other bytes. */
function sendStatuses(
  reply: FastifyReply,
  answer: StatusesResponse,
  headers: Static<typeof StatusesHeaders>
): FastifyReply | Promise<FastifyReply> {
  const coding = negotiateCoding(headers['accept-encoding'])
  reply.header('vary', 'accept-encoding')
  setEntityTag(reply, coding === null ? answer.etag : answer.weakEtag)
  if (holdsTag(headers['if-none-match'], answer)) return sendNotModified(reply)
  if (coding === null) return sendJsonChunks(reply, answer.chunks)
  reply.header('content-encoding', coding)
  const kept = answer.encoded(coding)
  if (kept !== null) return sendJsonChunks(reply, kept)
  return answer
    .encode(coding, (chunks) => compressChunks(coding, chunks))
    .then((chunks) => sendJsonChunks(reply, chunks))
}

function filterOf({ diversion, phone, extension, q }: StatusesQueryParams): StatusFilter {
  return {
    ...(diversion !== undefined && { diversion: new Set(diversion.split(',')) }),
    ...(phone !== undefined && { phone: new Set(phone.split(',')) }),
    ...(extension !== undefined && { extension: new Set(extension.split(',')) }),
    ...(q !== undefined && { q })
  }
}

/** RFC 9110 section 13.1.2: a list of tags, weak ones included, or `*`. Most callers send the one that they were given. */
function holdsTag(header: string | undefined, { etag, weakEtag }: StatusesResponse): boolean {
  if (header === undefined) return false
  if (header === etag || header === weakEtag) return true
  return header
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === '*' || tag === etag || tag === weakEtag)
}
