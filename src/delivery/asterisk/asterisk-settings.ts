/** The settings of an Asterisk consumer, with defaults filled in. */

export type AsteriskTarget = 'presence' | 'device-state' | 'database'

/** What `PRESENCE_STATE` takes. */
export const presenceStates = ['not_set', 'unavailable', 'available', 'away', 'xa', 'chat', 'dnd'] as const
export type PresenceState = (typeof presenceStates)[number]

export interface AsteriskSettings {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly auth: { readonly user: string; readonly secret: string }
  readonly set: readonly AsteriskTarget[]
  readonly flavour: 'plain' | 'freepbx'
  /** Where calls go while the phone is closed, with `{extension}`; only FreePBX is told. */
  readonly forwardTo?: string
  /** By diversion code, `*` for the rest. */
  readonly map: Readonly<Record<string, PresenceState>>
  /** PEM. */
  readonly ca?: string
}
