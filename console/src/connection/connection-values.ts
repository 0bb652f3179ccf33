/** A connection as its form holds it, by kind: what was read put into fields, and fields made into what is sent. */
import type { Schemas } from '../api/client.ts'

export type Connection = Schemas['Connection']
type ConnectionBody = Schemas['ConnectionPut']

/** `consent`: Microsoft 365 over the provider's application. */
export const connectionKinds = ['consent', 'graph', 'ews', 'caldav', 'ics'] as const
export type ConnectionKind = (typeof connectionKinds)[number]

/** Every field of every kind as it stands in the form; secrets are empty until somebody types one. */
export const emptyValues = {
  tenantId: '',
  clientId: '',
  cloud: 'global',
  credential: 'secret' as 'secret' | 'certificate',
  clientSecret: '',
  certificate: '',
  privateKey: '',
  secretExpires: '',
  place: 'url' as 'url' | 'found',
  url: '',
  autodiscover: '',
  domain: '',
  signIn: 'ntlm' as 'ntlm' | 'basic' | 'oauth',
  user: '',
  password: '',
  access: 'delegate' as 'delegate' | 'impersonation',
  version: 'auto',
  ca: '',
  caldavAccess: 'shared' as 'shared' | 'perUser',
  preset: '',
  userUrl: '',
  freeBusyOnly: false,
  pollSeconds: ''
}
export type ConnectionValues = typeof emptyValues

const defaultPollSeconds = { consent: '120', graph: '120', ews: '60', caldav: '60', ics: '300' } as const

export function kindOf(connection: Connection): ConnectionKind {
  return connection.kind === 'graph' && connection.application !== undefined ? 'consent' : connection.kind
}

export function newValues(kind: ConnectionKind): ConnectionValues {
  return { ...emptyValues, pollSeconds: defaultPollSeconds[kind] }
}

export function valuesOf(connection: Connection): ConnectionValues {
  const { secrets } = connection
  const credential = secrets.some((name) => name.endsWith('certificate')) ? 'certificate' : 'secret'
  const values = {
    ...emptyValues,
    credential,
    pollSeconds: String(connection.pollSeconds)
  } as ConnectionValues
  switch (connection.kind) {
    case 'graph': {
      const { tenantId, clientId = '', cloud = 'global', secretExpires = '' } = connection
      return { ...values, tenantId, clientId, cloud: cloudText(cloud), secretExpires }
    }
    case 'ews': {
      const { url = '', autodiscover = '', auth, access, version, ca = '', secretExpires = '' } = connection
      const place = autodiscover === '' ? 'url' : 'found'
      const account =
        auth.kind === 'oauth' ? { tenantId: auth.tenantId, clientId: auth.clientId } : { user: auth.user }
      return {
        ...values,
        place,
        url,
        autodiscover,
        signIn: auth.kind,
        ...account,
        access,
        version,
        ca,
        secretExpires
      }
    }
    case 'caldav': {
      const {
        url = '',
        domain = '',
        auth,
        access,
        preset = '',
        userUrl = '',
        secretExpires = ''
      } = connection
      return {
        ...values,
        place: domain === '' ? 'url' : 'found',
        url,
        domain,
        user: auth?.user ?? '',
        caldavAccess: access,
        preset,
        userUrl,
        freeBusyOnly: connection.freeBusyOnly ?? false,
        secretExpires
      }
    }
    case 'ics':
      return values
  }
}

/** A cloud of one's own is shown as it is written. */
function cloudText(cloud: unknown): string {
  return typeof cloud === 'string' ? cloud : JSON.stringify(cloud)
}

/** What is sent. A secret that nobody typed is left out, so that the one that is held stays. */
export function bodyOf(
  kind: ConnectionKind,
  values: ConnectionValues,
  held: Connection | null
): ConnectionBody {
  const pollSeconds = values.pollSeconds === '' ? {} : { pollSeconds: Number(values.pollSeconds) }
  const end = given('secretExpires', values.secretExpires)
  switch (kind) {
    case 'consent':
      return { kind: 'graph', tenantId: values.tenantId, application: 'provider', ...pollSeconds }
    case 'graph':
      return {
        kind: 'graph',
        tenantId: values.tenantId.trim(),
        clientId: values.clientId.trim(),
        cloud: cloudOf(values.cloud),
        ...secretOf(values),
        ...end,
        ...pollSeconds
      }
    case 'ews':
      return {
        ...rest(held, 'ews', ['allowRetiringEws']),
        kind: 'ews',
        ...(values.place === 'url'
          ? { url: values.url.trim() }
          : { autodiscover: values.autodiscover.trim() }),
        auth: ewsAuth(values, held),
        access: values.signIn === 'oauth' ? 'impersonation' : values.access,
        version: values.version as 'auto',
        ...given('ca', values.ca),
        ...end,
        ...pollSeconds
      }
    case 'caldav':
      return { kind: 'caldav', access: values.caldavAccess, ...caldavPlace(values), ...pollSeconds }
    case 'ics':
      return { kind: 'ics', ...pollSeconds }
  }
}

type GraphBody = Extract<ConnectionBody, { kind: 'graph' }>
type EwsBody = Extract<ConnectionBody, { kind: 'ews' }>

function cloudOf(text: string): NonNullable<GraphBody['cloud']> {
  return text.startsWith('{') ? JSON.parse(text) : (text as 'global')
}

function secretOf({ credential, clientSecret, certificate, privateKey }: ConnectionValues) {
  if (credential === 'secret') return given('clientSecret', clientSecret)
  if (certificate.trim() === '' && privateKey.trim() === '') return {}
  return { certificate: { certificate, privateKey } }
}

function ewsAuth(values: ConnectionValues, held: Connection | null): EwsBody['auth'] {
  if (values.signIn !== 'oauth') {
    return { kind: values.signIn, user: values.user.trim(), ...given('password', values.password) }
  }
  const before = held?.kind === 'ews' && held.auth.kind === 'oauth' ? held.auth : {}
  return {
    ...before,
    kind: 'oauth',
    tenantId: values.tenantId.trim(),
    clientId: values.clientId.trim(),
    ...secretOf(values)
  }
}

function caldavPlace(values: ConnectionValues) {
  if (values.caldavAccess === 'perUser') return {}
  return {
    ...(values.place === 'url' ? { url: values.url.trim() } : { domain: values.domain.trim() }),
    auth: { kind: 'basic' as const, user: values.user.trim(), ...given('password', values.password) },
    ...(values.preset === '' ? given('userUrl', values.userUrl) : { preset: values.preset as 'sogo' }),
    ...(values.freeBusyOnly && { freeBusyOnly: true }),
    ...given('secretExpires', values.secretExpires)
  }
}

/** The members of what is held that no field shows. */
function rest(held: Connection | null, kind: Connection['kind'], names: readonly string[]): object {
  if (held?.kind !== kind) return {}
  return Object.fromEntries(Object.entries(held).filter(([name]) => names.includes(name)))
}

function given<Name extends string>(name: Name, value: string): { [K in Name]?: string } {
  return value.trim() === '' ? {} : ({ [name]: value } as { [K in Name]: string })
}
