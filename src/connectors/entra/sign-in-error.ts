/** What Entra says when it gives no token, in the words of the operator who must act. */
import { RemoteError, type SyncCode } from '../../errors.ts'

/** The members of the token endpoint's error body that matter here (RFC 6749 section 5.2, and Entra's numbers). */
interface Refusal {
  readonly error?: unknown
  readonly error_codes?: unknown
  readonly error_description?: unknown
}

/**
 * The OAuth `error` decides, as Microsoft asks (reference-error-codes: "codes can change"); the AADSTS number only
 * tells finer, and is shown. The description is never shown: it may repeat what was sent.
 */
export function signInError(status: number, body: unknown, retryAfter: number | undefined): RemoteError {
  const refusal: Refusal = typeof body === 'object' && body !== null ? body : {}
  const number = numberOf(refusal)
  const known = (number === undefined ? undefined : byNumber[number]) ?? byOAuth(refusal.error, status)
  const shown = number === undefined ? '' : ` (AADSTS${number})`
  return new RemoteError(known[0], `${known[1]}${shown}`, { scope: 'connection', retryAfter })
}

type Meaning = readonly [code: SyncCode, hint: string]

const secrets = 'Certificates & secrets of the app registration'

const byNumber: Readonly<Record<number, Meaning>> = {
  7000215: [
    'secret_invalid',
    `The client secret is wrong: make a new one under ${secrets} and paste its Value, not its Secret ID.`
  ],
  7000222: [
    'secret_expired',
    `The client secret has expired: make a new one under ${secrets} and paste its Value.`
  ],
  700027: [
    'secret_invalid',
    `Entra does not know this certificate: upload it under ${secrets}, or put the one that is registered there.`
  ],
  1000502: [
    'secret_expired',
    `The certificate has expired: register a new one under ${secrets} and put it here.`
  ],
  700024: [
    'clock_wrong',
    "This machine's clock is wrong, so Entra refuses the signature: set the clock (NTP)."
  ],
  700016: [
    'consent_missing',
    'Entra does not know the application in this directory: give admin consent there, and check clientId, tenantId and cloud.'
  ],
  7000229: [
    'consent_missing',
    'The application is not installed in this directory: give admin consent there.'
  ],
  65001: ['consent_missing', 'An administrator of the directory must give admin consent to the application.'],
  90002: ['unreachable', 'There is no such directory in this cloud: check tenantId and cloud.'],
  900023: ['unreachable', 'tenantId is neither a directory id nor a verified domain: correct it.'],
  // Both: "Confidential Client is not supported in Cross Cloud request" (reference-error-codes).
  900382: ['unreachable', "The directory lives in another of Microsoft's clouds: change cloud."],
  900432: ['unreachable', "The directory lives in another of Microsoft's clouds: change cloud."],
  90038: ['unreachable', "The directory lives in another of Microsoft's clouds: change cloud."],
  7000112: [
    'access_denied',
    'The application is disabled in this directory: enable it under Enterprise applications, Properties.'
  ],
  500011: [
    'unreachable',
    'Graph of this cloud is unknown to the directory: check cloud, and the custom Graph root if there is one.'
  ],
  90055: ['throttled', 'Entra has too many requests from this directory. It is tried again by itself.'],
  53003: [
    'access_denied',
    'Conditional Access of the directory blocks the application: exclude it there, or allow the address of this service.'
  ]
}

const byOAuthError: Readonly<Record<string, Meaning>> = {
  invalid_client: [
    'secret_invalid',
    `Entra does not accept the secret or certificate: check it under ${secrets}.`
  ],
  unauthorized_client: [
    'consent_missing',
    'The application may not sign in to this directory: give admin consent there, and check clientId and tenantId.'
  ],
  interaction_required: [
    'consent_missing',
    'An administrator of the directory must give admin consent to the application.'
  ],
  consent_required: [
    'consent_missing',
    'An administrator of the directory must give admin consent to the application.'
  ],
  access_denied: [
    'access_denied',
    'The directory denies the application to sign in: check its Enterprise application.'
  ],
  invalid_tenant: ['unreachable', 'There is no such directory in this cloud: check tenantId and cloud.'],
  invalid_resource: ['unreachable', 'Graph of this cloud is unknown to the directory: check cloud.'],
  invalid_scope: ['unreachable', 'Graph of this cloud is unknown to the directory: check cloud.'],
  temporarily_unavailable: ['unreachable', 'Entra is busy. It is tried again by itself.'],
  server_error: ['unreachable', 'Entra has trouble. No action is needed: Hanvisa tries again.']
}

function byOAuth(error: unknown, status: number): Meaning {
  const known =
    typeof error === 'string' && Object.hasOwn(byOAuthError, error) ? byOAuthError[error] : undefined
  if (known !== undefined) return known
  if (status === 429) return ['throttled', 'Entra has too many requests. It is tried again by itself.']
  if (status >= 500)
    return ['unreachable', `Entra has trouble (HTTP ${status}). No action is needed: Hanvisa tries again.`]
  return [
    'protocol_error',
    `Entra refused to sign the application in (HTTP ${status}): check tenantId, clientId and cloud.`
  ]
}

function numberOf({ error_codes: codes, error_description: description }: Refusal): number | undefined {
  const listed: unknown = Array.isArray(codes) ? codes[0] : undefined
  const written = typeof description === 'string' ? /^AADSTS(\d{1,9})\b/.exec(description)?.[1] : undefined
  const number = Number.isSafeInteger(listed) ? Number(listed) : Number(written)
  return number >= minNumber && number <= maxNumber ? number : undefined
}

/** reference-error-codes: from AADSTS16000 to AADSTS9002341. No other number is shown, a telephone number least of all. */
const minNumber = 16_000
const maxNumber = 9_999_999
