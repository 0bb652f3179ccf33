/** The kind `asterisk`: presence, lamps and database entries in Asterisk or FreePBX, over the Manager Interface. */
import { Type } from 'typebox'
import { Enum } from '../../lib/json-schema.ts'
import type { ConsumerKind } from '../consumer.ts'
import { AsteriskPeer } from './asterisk-peer.ts'
import { type AsteriskSettings, presenceStates } from './asterisk-settings.ts'

const MINUTE_MS = 60_000
const defaultMap = { vacation: 'xa', 'do-not-disturb': 'dnd', '*': 'away' }

export const asteriskKind: ConsumerKind<AsteriskSettings> = {
  kind: 'asterisk',
  members: {
    host: Type.String({
      pattern: '^[A-Za-z0-9.:-]{1,253}$',
      description: 'The Asterisk, by name or address.',
      examples: ['10.0.0.5']
    }),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: 'Of the Manager Interface: 5039 with TLS, else 5038, unless stated.',
        examples: [5039]
      })
    ),
    tls: Type.Optional(
      Type.Boolean({ default: true, description: '`tlsenable` in manager.conf.', examples: [true] })
    ),
    auth: Type.Object(
      {
        user: Type.String({
          pattern: '^[^\\s\\p{C}]{1,128}$',
          description: 'The name of the section in manager.conf.',
          examples: ['hanvisa']
        }),
        secret: Type.Optional(
          Type.String({ minLength: 1, maxLength: 256, description: 'Never shown again.', examples: ['…'] })
        )
      },
      { additionalProperties: false }
    ),
    set: Type.Optional(
      Type.Array(
        Enum(['presence', 'device-state', 'database'], {
          description: 'What is set.',
          examples: ['presence']
        }),
        {
          minItems: 1,
          maxItems: 3,
          uniqueItems: true,
          default: ['presence', 'device-state', 'database'],
          description:
            '`presence`: the text. `device-state`: the lamp `Custom:HV{extension}`. `database`: `hanvisa/{extension}`, for the dialplan.',
          examples: [['presence', 'device-state', 'database']]
        }
      )
    ),
    flavour: Type.Optional(
      Enum(['plain', 'freepbx'], {
        default: 'plain',
        description: '`freepbx`: presence by device, and call forwarding with its lamps.',
        examples: ['plain']
      })
    ),
    forwardTo: Type.Optional(
      Type.String({
        pattern: '^[0-9*#+]*(\\{extension\\})?[0-9*#]*$',
        minLength: 1,
        maxLength: 64,
        description:
          'With FreePBX: where calls go while the phone is closed, with `{extension}` where it speaks for each. Without it none.',
        examples: ['*239{extension}']
      })
    ),
    map: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^(\\*|[a-z0-9-]{1,64})$' }),
        Enum(presenceStates, { description: 'A presence state of Asterisk.', examples: ['away'] }),
        {
          maxProperties: 100,
          default: defaultMap,
          description: 'The presence state of each closed diversion; `*` for the rest.',
          examples: [defaultMap]
        }
      )
    ),
    ca: Type.Optional(
      Type.String({
        pattern: '^-----BEGIN CERTIFICATE-----',
        maxLength: 20_000,
        description: 'PEM of the authority that issued the certificate, unless it is a public one.',
        examples: ['-----BEGIN CERTIFICATE-----\n…']
      })
    )
  },
  example: {
    kind: 'asterisk',
    host: '10.0.0.5',
    port: 5039,
    tls: true,
    auth: { user: 'hanvisa', secret: 'made-up-for-the-example' },
    set: ['presence', 'device-state', 'database'],
    flavour: 'plain'
  },
  secretMembers: ['auth/secret'],
  passingSecrets: [],
  makeSecrets: () => ({}),
  destinationMembers: ['host', 'port', 'tls'],
  keeps: 'states',
  maxUsersPerSend: 1,
  maxSendsAtOnce: 16,
  defaultPerSecond: 20,
  sendTimeoutMs: 30_000,
  retryDelaysMs: [1_000, 5_000, 15_000, MINUTE_MS],
  disableAfterMs: null,
  validate: ({ auth }) =>
    auth.secret === undefined
      ? [{ field: 'auth/secret', message: 'is required: none is held for this consumer' }]
      : [],
  hostsOf: ({ host, tls }) => [{ field: 'host', host, isPlain: !tls }],
  complete: (body) => {
    const tls = body.tls !== false
    const defaults = {
      port: tls ? 5039 : 5038,
      tls,
      set: ['presence', 'device-state', 'database'],
      flavour: 'plain',
      map: defaultMap
    }
    return { ...defaults, ...body } as unknown as AsteriskSettings
  },
  riskOf: ({ set, flavour, forwardTo }) => {
    const stays = [
      ...(set.includes('presence') ? ['the presence text'] : []),
      ...(set.includes('device-state') ? ['the lamp'] : []),
      ...(flavour === 'freepbx' && forwardTo !== undefined ? ['the call forwarding'] : [])
    ]
    if (stays.length === 0) return null
    return `When Hanvisa is gone, these stay as they are in Asterisk: ${stays.join(', ')}. The database entry ends by itself.`
  },
  openPeer: (options, deps) => new AsteriskPeer(options, deps)
}
