/** How one tenant's calendars are reached, as operators write it and as it is kept. */

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
  readonly cloud: Cloud
  readonly pollSeconds: number
}

export interface IcsConnection {
  readonly kind: 'ics'
  readonly pollSeconds: number
}

export type Connection = GraphConnection | IcsConnection

/** The members that are secrets, by kind: they are sealed in the store and never given out. */
export const secretMembers: Readonly<Record<Connection['kind'], readonly string[]>> = {
  graph: ['clientSecret', 'certificate'],
  ics: []
}
