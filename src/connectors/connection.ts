/** How one tenant's calendars are reached, as operators write it and as it is kept. */
import type { CaldavPreset } from './caldav/presets.ts'
import type { EwsSchema } from './ews/schema-versions.ts'

export const clouds = ['global', 'usgov', 'dod', 'china'] as const
/** Microsoft's national clouds, or roots of one's own (without `/v1.0`; always https). */
export type Cloud = (typeof clouds)[number] | { readonly login: string; readonly graph: string }

export interface GraphConnection {
  readonly kind: 'graph'
  /** The directory (tenant) id in Entra: a GUID or a verified domain. */
  readonly tenantId: string
  /** The application (client) id. */
  readonly clientId: string
  /** Exactly one of the two. */
  readonly clientSecret?: string
  /** PEM: the certificate that is registered for the application, and its private key. */
  readonly certificate?: { readonly certificate: string; readonly privateKey: string }
  /** `YYYY-MM-DD`: the day on which the client secret ends. */
  readonly secretExpires?: string
  readonly cloud: Cloud
  readonly pollSeconds: number
}

/** Over the provider's own application, to which the customer's directory has consented. It is set by a consent alone. */
export interface ConsentedGraphConnection {
  readonly kind: 'graph'
  /** The directory that consented: a GUID. */
  readonly tenantId: string
  readonly application: 'provider'
  readonly pollSeconds: number
}

/** The provider's multi-tenant application in Entra. Its secret or certificate is a setting of the installation and is stored nowhere else. */
export interface ProviderApplication {
  readonly clientId: string
  /** Exactly one of the two. */
  readonly clientSecret?: string
  readonly certificate?: { readonly certificate: string; readonly privateKey: string }
  /** When the secret or the certificate ends, in epoch milliseconds; null: not known. */
  readonly endsAt: number | null
  /** Where it is registered: one cloud's applications are unknown in another. */
  readonly cloud: Cloud
}

export interface IcsConnection {
  readonly kind: 'ics'
  readonly pollSeconds: number
}

/** How the service account signs in to Exchange. */
export type EwsSignIn =
  /** `user` is `DOMAIN\\user` or `user@domain`. */
  | { readonly kind: 'basic' | 'ntlm'; readonly user: string; readonly password: string }
  | {
      readonly kind: 'oauth'
      readonly tenantId: string
      readonly clientId: string
      /** Exactly one of the two, as with Graph. */
      readonly clientSecret?: string
      readonly certificate?: { readonly certificate: string; readonly privateKey: string }
      /** Root of the sign-in service; Microsoft's public one unless stated. */
      readonly login?: string
      /** What the token is for: the root of `url` unless stated. */
      readonly resource?: string
    }

export const ewsAccesses = ['delegate', 'impersonation'] as const

export interface EwsConnection {
  readonly kind: 'ews'
  /** `https://mail.example.se/EWS/Exchange.asmx`; exactly one of `url` and `autodiscover`. */
  readonly url?: string
  /** The mail address of any mailbox there, from which Autodiscover finds the URL. */
  readonly autodiscover?: string
  readonly auth: EwsSignIn
  /** `YYYY-MM-DD`: the day on which the client secret or the password ends. */
  readonly secretExpires?: string
  /** By rights in each calendar, or as the calendars' owners. */
  readonly access: (typeof ewsAccesses)[number]
  readonly version: EwsSchema | 'auto'
  /** PEM: the server's private authority, or its very certificate. */
  readonly ca?: string
  /** Lets in Exchange Online, where EWS ends on 1 April 2027. */
  readonly allowRetiringEws?: boolean
  readonly pollSeconds: number
}

export const caldavAccesses = ['shared', 'perUser'] as const

export interface CaldavConnection {
  readonly kind: 'caldav'
  /** Root of the server or of its CalDAV service; with access `shared` exactly one of `url` and `domain`. */
  readonly url?: string
  /** A domain whose DNS names the server. */
  readonly domain?: string
  /** With access `shared`. */
  readonly auth?: { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** `YYYY-MM-DD`: the day on which the password ends. */
  readonly secretExpires?: string
  /** One account for all users, or an account in each user's mailbox. */
  readonly access: (typeof caldavAccesses)[number]
  readonly preset?: CaldavPreset
  /** A template of the address of a user's calendars. */
  readonly userUrl?: string
  /** Free/busy times by the scheduling outbox. */
  readonly freeBusyOnly?: boolean
  readonly pollSeconds: number
}

export type Connection =
  | GraphConnection
  | ConsentedGraphConnection
  | EwsConnection
  | IcsConnection
  | CaldavConnection
