/** What operators put of a consumer: the members that every kind has, and how it is kept, with its secrets sealed. */
import { type TSchema, Type } from 'typebox'
import { Enum } from '../lib/json-schema.ts'
import type { ConsumerRecord } from '../storage/consumers.ts'
import {
  consumerPurpose,
  mergeSecrets,
  type Secrets,
  splitSecrets
} from '../storage/secrets/connection-secrets.ts'
import type { Sealer, Unsealer } from '../storage/secrets/seal.ts'
import type { ConsumerUsers } from './consumer-filter.ts'
import type { AnyConsumerKind } from './kinds.ts'
import { type Privacy, privacies } from './shown-status.ts'

export interface CommonSettings {
  readonly users: ConsumerUsers
  readonly privacy: Privacy
  /** Whether sensitive diversions are sent as they are. */
  readonly sensitive: boolean
  /** Sends. */
  readonly perSecond: number
  readonly enabled: boolean
}

export const commonMembers: Readonly<Record<keyof CommonSettings, TSchema>> = {
  users: Type.Optional(
    Type.Union(
      [
        Type.Literal('all'),
        Type.Object(
          {
            extension: Type.Array(Type.String({ pattern: '^[^\\s\\p{C}*]{0,32}\\*?$', minLength: 1 }), {
              minItems: 1,
              maxItems: 1000,
              description: 'Extensions; with `*` at the end all that begin so.',
              examples: [['10*']]
            })
          },
          { additionalProperties: false }
        )
      ],
      { default: 'all', description: 'Whose statuses are sent.', examples: ['all'] }
    )
  ),
  privacy: Type.Optional(
    Enum(privacies, {
      default: 'label',
      description:
        '`label`: the diversion and its times. `generic`: whether the person is reachable and when again, not why. `open-closed`: ' +
        'whether calls reach the person, and nothing else.',
      examples: ['label']
    })
  ),
  sensitive: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Whether diversions such as `sick` are sent as they are.',
      examples: [false]
    })
  ),
  perSecond: Type.Optional(
    Type.Number({
      minimum: 0.1,
      maximum: 1000,
      description: 'Sends a second at the most; what is usual unless stated.',
      examples: [20]
    })
  ),
  enabled: Type.Optional(
    Type.Boolean({ default: true, description: 'Whether anything is sent.', examples: [true] })
  )
}

/** The settings of a kind, and the common ones, of a body or of what is kept; with defaults. */
export function readCommon(values: Readonly<Record<string, unknown>>, kind: AnyConsumerKind): CommonSettings {
  const given = Object.fromEntries(Object.entries(values).filter(([name]) => name in commonMembers))
  return {
    users: 'all',
    privacy: 'label',
    sensitive: false,
    perSecond: kind.defaultPerSecond,
    enabled: true,
    ...given
  }
}

export function readOwn(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !(name in commonMembers) && name !== 'kind')
  )
}

/** What may be shown of the settings, and what may not. */
export function splitConsumer(values: object, kind: AnyConsumerKind) {
  return splitSecrets({ kind: kind.kind, pollSeconds: 0, ...values }, kind.secretMembers)
}

export function sealConsumer(
  tenant: string,
  id: string,
  values: object,
  kind: AnyConsumerKind,
  sealer: Sealer
): Pick<ConsumerRecord, 'open' | 'sealed'> {
  const { open, secrets } = splitConsumer(values, kind)
  const sealed = Object.entries(secrets).map(([path, value]) => [
    path,
    sealer.seal(JSON.stringify(value), consumerPurpose(tenant, id, kind.kind, path))
  ])
  return { open, sealed: Object.fromEntries(sealed) }
}

/** Throws a SetupError where they cannot be unsealed. */
export function openSecrets(
  tenant: string,
  { id, kind, sealed }: ConsumerRecord,
  unsealer: Unsealer
): Secrets {
  const opened = Object.entries(sealed).map(([path, text]) => [
    path,
    JSON.parse(unsealer.open(text, consumerPurpose(tenant, id, kind, path)))
  ])
  return Object.fromEntries(opened)
}

/** Everything that was put, secrets included, in the form of a body. */
export function openConsumer(
  tenant: string,
  record: ConsumerRecord,
  unsealer: Unsealer
): Readonly<Record<string, unknown>> {
  return mergeSecrets(record.open, openSecrets(tenant, record, unsealer))
}
