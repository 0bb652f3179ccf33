/** `…/connection/consent` and `/consent/callback`: a customer's administrator consents to the provider's application. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { formatInstant } from '../../lib/rfc3339.ts'
import type { ConsentOutcome } from '../../management/consents.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { limitSignIns } from '../auth/limits.ts'
import { consentTexts } from '../pages/consent-texts.ts'
import { pageLanguage, sendPage } from '../pages/page.ts'
import { ConsentLinkSchema } from '../schemas/connections.ts'
import { HtmlPage } from '../schemas/pages.ts'
import { TenantParams } from '../schemas/params.ts'
import { problemResponses, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Connections']
const MAX_STATE_CHARACTERS = 2000

const statusOf: Readonly<Record<ConsentOutcome, number>> = {
  connected: 200,
  refused: 403,
  invalid: 400,
  otherDirectory: 403,
  taken: 409,
  notGranted: 403,
  unreachable: 503
}

export function consentsRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/v1/tenants/:tenant/connection/consent',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'consent.begin' },
        schema: {
          tags,
          summary: 'Make a link by which the customer consents',
          description:
            'For an administrator of the customer’s directory in Entra: the link asks to let the provider’s own application ' +
            '(HANVISA_ENTRA_CLIENT_ID) read calendars. It can be used once, within an hour. Where the tenant has no `directoryId` it is good for any directory, which the answer says, and for ' +
            'a quarter of an hour: whoever holds it decides which directory is connected. Once the directory is proved, the tenant’s ' +
            'connection is one over that application, and its `directoryId` is that directory where none was set. An operator ' +
            'gets a link only where the provider has set `directoryId`.',
          params: TenantParams,
          response: {
            200: ref(ConsentLinkSchema),
            ...problems('not_found')
          }
        }
      },
      async ({ params, principal, management }, reply) => {
        reply.header('cache-control', 'no-store')
        const { expiresAt, ...link } = await management.consents.begin(params.tenant, principal)
        return { ...link, expiresAt: formatInstant(expiresAt) }
      }
    )

    app.get(
      '/consent/callback',
      {
        config: { access: 'public', audit: 'consent.complete' },
        onRequest: limitSignIns(app),
        schema: {
          tags,
          summary: 'Come back from the consent',
          description:
            'Where Entra sends the administrator’s browser; register this address with the application. Answers with a page that ' +
            'says what happened and what is next. What the query says is believed only with a state of ours, and once the directory ' +
            'is proved by a token of it and a call.',
          querystring: Type.Object({}, { additionalProperties: true }),
          response: {
            200: HtmlPage('The tenant is connected.'),
            400: HtmlPage('The link is too old, was used already, or is none of ours.'),
            403: HtmlPage(
              'The administrator refused, it is another directory, or the permission is not granted (yet).'
            ),
            409: HtmlPage('Another tenant has the directory.'),
            503: HtmlPage('Microsoft does not answer.'),
            ...problemResponses('not_found', 'rate_limited')
          }
        }
      },
      async (request, reply) => {
        const { searchParams } = new URL(request.url, 'http://localhost')
        const state = searchParams.get('state') ?? ''
        const answer = {
          state: state.length > MAX_STATE_CHARACTERS ? '' : state,
          isRefused: searchParams.has('error'),
          isGranted: /^true$/i.test(searchParams.get('admin_consent') ?? ''),
          directory: searchParams.get('tenant') ?? ''
        }
        const outcome = await request.management.consents.complete(answer, abortOnDisconnect(reply))
        request.log.info({ outcome }, 'an administrator came back from a consent')
        const language = pageLanguage(request.headers['accept-language'])
        const { again, [outcome]: content } = consentTexts[language]
        const isRepeatable = outcome === 'notGranted' || outcome === 'unreachable'
        return sendPage(reply, statusOf[outcome], language, {
          ...content,
          // Relative: the same query once more.
          links: isRepeatable ? [{ text: again, href: `?${searchParams}` }] : []
        })
      }
    )
  }
}
