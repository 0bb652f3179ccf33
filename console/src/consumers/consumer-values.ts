/** A consumer as its form holds it, by kind: what was read put into fields, and fields made into what is sent. */
import type { Schemas } from '../api/client.ts'
import type { Consumer } from './consumers-client.ts'

type ConsumerBody = Schemas['ConsumerPut']
type BodyOf<Kind> = Extract<ConsumerBody, { kind: Kind }>

export const consumerKinds = ['webhook', 'sip', 'asterisk'] as const
export type ConsumerKind = (typeof consumerKinds)[number]
/** One that has a form here; `http` has none, its settings are the recipe's. */
export type EditableConsumer = Extract<Consumer, { kind: ConsumerKind }>

export function isEditable(consumer: Consumer): consumer is EditableConsumer {
  return consumer.kind !== 'http'
}

/** What Asterisk's `PRESENCE_STATE` takes. */
export const presenceStates = ['available', 'away', 'xa', 'dnd', 'chat', 'unavailable', 'not_set'] as const
type PresenceState = (typeof presenceStates)[number]

/** Of a diversion; `*`: of all others. */
export interface MappedPresence {
  readonly diversion: string
  readonly state: PresenceState
}

/** Every field of every kind as it stands in the form; secrets are empty until somebody types one. */
export const emptyConsumer = {
  id: '',
  url: '',
  secret: '',
  previousSecret: '',
  detail: 'full' as 'full' | 'thin',
  proxy: '',
  domain: '',
  user: '{extension}',
  identity: 'service' as 'service' | 'presentity',
  account: '',
  password: '',
  basic: 'phone' as 'phone' | 'open',
  expires: '3600',
  ca: '',
  host: '',
  port: '',
  tls: true,
  flavour: 'plain' as 'plain' | 'freepbx',
  forwardTo: '',
  /** What is published or set: members of either kind. */
  parts: [] as readonly string[],
  map: [] as readonly MappedPresence[],
  whose: 'all' as 'all' | 'some',
  extensions: '',
  privacy: 'label' as NonNullable<ConsumerBody['privacy']>,
  sensitive: false,
  perSecond: ''
}
export type ConsumerValues = typeof emptyConsumer

export const partsOf = {
  webhook: [],
  sip: ['presence', 'dialog'],
  asterisk: ['presence', 'device-state', 'database']
} as const satisfies Record<ConsumerKind, readonly string[]>

const usualMap: readonly MappedPresence[] = [
  { diversion: 'vacation', state: 'xa' },
  { diversion: 'do-not-disturb', state: 'dnd' },
  { diversion: '*', state: 'away' }
]

export function newConsumer(kind: ConsumerKind): ConsumerValues {
  return { ...emptyConsumer, parts: partsOf[kind], map: usualMap }
}

export function consumerValuesOf(held: EditableConsumer): ConsumerValues {
  const { users = 'all', privacy = 'label', sensitive = false, perSecond } = held
  const values: ConsumerValues = {
    ...newConsumer(held.kind),
    id: held.consumer,
    whose: users === 'all' ? 'all' : 'some',
    extensions: users === 'all' ? '' : users.extension.join(', '),
    privacy,
    sensitive,
    perSecond: perSecond === undefined ? '' : String(perSecond)
  }
  switch (held.kind) {
    case 'webhook':
      return { ...values, url: held.url, detail: held.detail ?? 'full' }
    case 'sip':
      return {
        ...values,
        proxy: held.proxy,
        domain: held.domain,
        user: held.user ?? values.user,
        identity: held.identity ?? 'service',
        account: held.auth?.user ?? '',
        parts: held.publish ?? values.parts,
        basic: held.basic ?? 'phone',
        expires: String(held.expires ?? values.expires),
        ca: held.ca ?? ''
      }
    case 'asterisk':
      return {
        ...values,
        host: held.host,
        port: held.port === undefined ? '' : String(held.port),
        tls: held.tls ?? true,
        account: held.auth.user,
        parts: held.set ?? values.parts,
        flavour: held.flavour ?? 'plain',
        forwardTo: held.forwardTo ?? '',
        map: Object.entries(held.map ?? {}).map(([diversion, state]) => ({ diversion, state })),
        ca: held.ca ?? ''
      }
  }
}

/** What is sent. A secret that nobody typed is left out, so that the one that is held stays. */
export function consumerBodyOf(
  kind: ConsumerKind,
  values: ConsumerValues,
  held: Consumer | null
): ConsumerBody {
  const common = {
    users: values.whose === 'all' ? ('all' as const) : { extension: wordsOf(values.extensions) },
    privacy: values.privacy,
    sensitive: values.sensitive,
    enabled: held?.enabled ?? true,
    ...(values.perSecond !== '' && { perSecond: Number(values.perSecond) })
  }
  const ca = values.ca.trim() === '' ? {} : { ca: `${values.ca.trim()}\n` }
  switch (kind) {
    case 'webhook': {
      const { url, secret, previousSecret, detail } = values
      const secrets = {
        ...(secret !== '' && { secret: secret.trim() }),
        ...(previousSecret !== '' && { previousSecret: previousSecret.trim() })
      }
      return { kind, url: url.trim(), ...secrets, detail, ...common }
    }
    case 'sip': {
      const { proxy, domain, user, identity, account, password, basic, expires, parts } = values
      const auth = { user: account.trim(), ...(password !== '' && { password }) }
      const settings = { proxy: proxy.trim(), domain: domain.trim(), user: user.trim(), identity, basic }
      const publish = parts as NonNullable<BodyOf<'sip'>['publish']>
      return {
        kind,
        ...settings,
        ...(account.trim() !== '' && { auth }),
        publish,
        expires: Number(expires),
        ...ca,
        ...common
      }
    }
    case 'asterisk': {
      const { host, port, tls, account, password, flavour, forwardTo, parts, map } = values
      const set = parts as NonNullable<BodyOf<'asterisk'>['set']>
      return {
        kind,
        host: host.trim(),
        ...(port !== '' && { port: Number(port) }),
        tls,
        auth: { user: account.trim(), ...(password !== '' && { secret: password }) },
        set,
        flavour,
        ...(flavour === 'freepbx' && forwardTo.trim() !== '' && { forwardTo: forwardTo.trim() }),
        map: Object.fromEntries(map.map(({ diversion, state }) => [diversion, state])),
        ...ca,
        ...common
      }
    }
  }
}

/** Where it leads to, in a line. */
export function placeOf(consumer: Consumer): string {
  switch (consumer.kind) {
    case 'webhook':
      return consumer.url
    case 'sip':
      return `${consumer.domain} · ${consumer.proxy}`
    case 'http':
      return [consumer.recipe, consumer.url].filter((part) => part !== undefined).join(' · ')
    case 'asterisk':
      return consumer.port === undefined ? consumer.host : `${consumer.host}:${consumer.port}`
  }
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((word) => word !== '')
}
