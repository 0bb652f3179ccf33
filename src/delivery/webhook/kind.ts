/** The kind `webhook`: statuses posted as JSON, signed by Standard Webhooks 1.0.0. */
import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { FieldFault } from '../../errors.ts'
import type { ConsumerKind } from '../consumer.ts'
import { secretBytes } from './signature.ts'
import { WebhookPeer } from './webhook-peer.ts'
import type { WebhookSettings } from './webhook-settings.ts'

const SECRET_BYTES = 32
const HOUR_MS = 3_600_000

const secret = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$',
      description,
      examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']
    })
  )

export const webhookKind: ConsumerKind<WebhookSettings> = {
  kind: 'webhook',
  members: {
    url: Type.String({
      minLength: 8,
      maxLength: 2000,
      description:
        'Where statuses are posted; https, at an address that the installation allows. No redirect is followed.',
      examples: ['https://pbx.example.se/hanvisa']
    }),
    secret: secret(
      '24 to 64 random bytes as base64 after `whsec_`. Where none is stated or held, one is made, and shown in that answer alone.'
    ),
    previousSecret: secret(
      'The secret before: while it is stated, each post carries a signature with either. Leave it out to end that.'
    ),
    detail: Type.Optional(
      Type.Union([Type.Literal('full'), Type.Literal('thin')], {
        default: 'full',
        description: '`thin`: posts hold ids and the cursor alone; the receiver asks for the statuses.',
        examples: ['full']
      })
    )
  },
  example: {
    kind: 'webhook',
    url: 'https://pbx.example.se/hanvisa',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    detail: 'full'
  },
  secretMembers: ['secret', 'previousSecret'],
  passingSecrets: ['previousSecret'],
  makeSecrets: () => ({ secret: `whsec_${randomBytes(SECRET_BYTES).toString('base64')}` }),
  // The secret signs, and is sent nowhere.
  destinationMembers: [],
  keeps: 'cursor',
  maxUsersPerSend: 20,
  // In order: a receiver must not see an older state after a newer one.
  maxSendsAtOnce: 1,
  defaultPerSecond: 20,
  sendTimeoutMs: 20_000,
  retryDelaysMs: [1_000, 5_000, 30_000, 120_000, 300_000],
  disableAfterMs: 72 * HOUR_MS,
  validate: ({ url, secret, previousSecret }) => [
    ...urlFaults(url),
    ...(secretBytes(secret) === null ? [secretFault('secret')] : []),
    ...(previousSecret !== undefined && secretBytes(previousSecret) === null
      ? [secretFault('previousSecret')]
      : [])
  ],
  hostsOf: ({ url }) => {
    const { hostname, protocol } = new URL(url)
    return [{ field: 'url', host: hostname.replace(/^\[|\]$/g, ''), isPlain: protocol === 'http:' }]
  },
  complete: (body) => ({ detail: 'full', ...body }) as unknown as WebhookSettings,
  openPeer: (options, deps) => new WebhookPeer(options, deps)
}

function secretFault(field: string): FieldFault {
  return { field, message: 'must be "whsec_" and 24 to 64 bytes as base64' }
}

function urlFaults(text: string): FieldFault[] {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    return [{ field: 'url', message: 'must be an https URL such as https://pbx.example.se/hanvisa' }]
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return [{ field: 'url', message: 'must hold no user name, password or #: posts are signed' }]
  return []
}
