/** How a sign-in that did not succeed is answered, and what is logged of it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SignInFailed } from '../auth/operators/oidc-issuer.ts'
import { type PageLanguage, pageLanguage, sendPage } from './page.ts'
import { type SignInPage, signInTexts } from './sign-in-texts.ts'

/** What an issuer answers (RFC 6749, sections 4.1.2.1 and 5.2; OpenID Connect Core, 3.1.2.6); the rest of it may hold anything. */
const ANSWER_CODES = [
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'login_required',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_response_type'
]

/** Throws what is no failure of a sign-in. */
export function signInOutcomeOf(error: unknown, { log }: FastifyRequest): SignInPage {
  if (!(error instanceof SignInFailed)) throw error
  const { error: answer } = (error.cause ?? {}) as { error?: unknown }
  const code = ANSWER_CODES.find((known) => known === answer) ?? null
  log.warn({ reason: error.reason, code }, 'an operator could not sign in')
  return error.reason
}

const outcomeStatus: Readonly<Record<SignInPage, number>> = {
  refused: 403,
  invalid: 400,
  unreachable: 503,
  noRole: 403,
  noTenant: 403,
  chooseTenant: 200
}

export function sendSignInOutcome(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  outcome: SignInPage,
  links?: readonly { readonly text: string; readonly href: string }[]
): FastifyReply {
  const language: PageLanguage = pageLanguage(headers['accept-language'])
  const { again, [outcome]: content } = signInTexts[language]
  return sendPage(reply, outcomeStatus[outcome], language, {
    ...content,
    links: links ?? [{ text: again, href: '/sign-in' }]
  })
}
