/** The kind `sip`: presence and dialogs published to a presence server, as Kamailio and OpenSIPS are. */
import { Type } from 'typebox'
import type { FieldFault } from '../../errors.ts'
import { Enum } from '../../lib/json-schema.ts'
import type { ConsumerKind } from '../consumer.ts'
import { SipPeer } from './sip-peer.ts'
import { parseProxy, type SipSettings } from './sip-settings.ts'

const MINUTE_MS = 60_000

export const sipKind: ConsumerKind<SipSettings> = {
  kind: 'sip',
  members: {
    proxy: Type.String({
      minLength: 5,
      maxLength: 300,
      description:
        'Where requests go: `sips:HOST` (TLS, port 5061) or `sip:HOST` (TCP, port 5060). A PUBLISH does not fit a datagram: UDP is not used.',
      examples: ['sips:sip.example.se:5061']
    }),
    domain: Type.String({
      pattern: '^[A-Za-z0-9.-]{1,253}$',
      description: 'The part behind the @ of the users’ addresses.',
      examples: ['example.se']
    }),
    user: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._+-]*\\{(extension|user)\\}[A-Za-z0-9._+-]*$',
        maxLength: 100,
        default: '{extension}',
        description: 'The part before the @: `{extension}` or `{user}`, with what surrounds it.',
        examples: ['{extension}']
      })
    ),
    identity: Type.Optional(
      Enum(['service', 'presentity'], {
        default: 'service',
        description:
          'Who publishes: `service`, the account for everybody; `presentity`, each user for themselves, as FreeSWITCH wants it.',
        examples: ['service']
      })
    ),
    auth: Type.Optional(
      Type.Object(
        {
          user: Type.String({
            minLength: 1,
            maxLength: 128,
            description: 'The account.',
            examples: ['hanvisa']
          }),
          password: Type.Optional(
            Type.String({ minLength: 1, maxLength: 256, description: 'Never shown again.', examples: ['…'] })
          )
        },
        {
          additionalProperties: false,
          description: 'Without it the server must trust the address of Hanvisa.'
        }
      )
    ),
    publish: Type.Optional(
      Type.Array(Enum(['presence', 'dialog'], { description: 'An event package.', examples: ['presence'] }), {
        minItems: 1,
        maxItems: 2,
        uniqueItems: true,
        default: ['presence', 'dialog'],
        description: 'Presence carries the text; lamps follow `dialog`.',
        examples: [['presence', 'dialog']]
      })
    ),
    basic: Type.Optional(
      Enum(['phone', 'open'], {
        default: 'phone',
        description: '`open`: says open always, for FreeSWITCH, which takes closed for unregistered.',
        examples: ['phone']
      })
    ),
    expires: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 86_400,
        default: 3600,
        description:
          'Seconds after which the server forgets what is not renewed: so phones open again when Hanvisa is gone.',
        examples: [3600]
      })
    ),
    ca: Type.Optional(
      Type.String({
        pattern: '^-----BEGIN CERTIFICATE-----',
        maxLength: 20_000,
        description:
          'PEM of the authority that issued the certificate of the proxy, unless it is a public one.',
        examples: ['-----BEGIN CERTIFICATE-----\n…']
      })
    )
  },
  example: {
    kind: 'sip',
    proxy: 'sips:sip.example.se:5061',
    domain: 'example.se',
    user: '{extension}',
    identity: 'service',
    auth: { user: 'hanvisa', password: 'made-up-for-the-example' },
    publish: ['presence', 'dialog'],
    basic: 'phone',
    expires: 3600
  },
  secretMembers: ['auth/password'],
  passingSecrets: [],
  makeSecrets: () => ({}),
  destinationMembers: ['proxy', 'domain'],
  keeps: 'states',
  maxUsersPerSend: 1,
  maxSendsAtOnce: 16,
  defaultPerSecond: 20,
  // RFC 3261, 17.1.2.2: 64 times T1.
  sendTimeoutMs: 32_000,
  retryDelaysMs: [1_000, 5_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS],
  refusedDelaysMs: [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS],
  disableAfterMs: null,
  validate: ({ proxy, auth }) => [...proxyFaults(proxy), ...authFaults(auth)],
  hostsOf: ({ proxy }) => {
    const found = parseProxy(proxy)
    return found === null ? [] : [{ field: 'proxy', host: found.host, isPlain: !found.isTls }]
  },
  complete: (body) =>
    ({
      user: '{extension}',
      identity: 'service',
      publish: ['presence', 'dialog'],
      basic: 'phone',
      expires: 3600,
      ...body
    }) as unknown as SipSettings,
  openPeer: (options, deps) => new SipPeer(options, deps)
}

function proxyFaults(proxy: string): FieldFault[] {
  if (parseProxy(proxy) !== null) return []
  return [
    {
      field: 'proxy',
      message: 'must be sips:HOST, sips:HOST:PORT, sip:HOST or sip:HOST:PORT, over TLS or TCP'
    }
  ]
}

function authFaults(auth: SipSettings['auth']): FieldFault[] {
  if (auth === undefined || auth.password !== undefined) return []
  return [{ field: 'auth/password', message: 'is required: none is held for this consumer' }]
}
