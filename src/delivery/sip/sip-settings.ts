/** The settings of a SIP consumer, with defaults filled in. */

export type SipEvent = 'presence' | 'dialog'

export interface SipSettings {
  /** `sip:` or `sips:` with host, and port unless it is the usual one. */
  readonly proxy: string
  readonly domain: string
  /** With the placeholder `{extension}` or `{user}`. */
  readonly user: string
  /** Who sends: the account, or the user of whom it is. */
  readonly identity: 'service' | 'presentity'
  readonly auth?: { readonly user: string; readonly password: string }
  readonly publish: readonly SipEvent[]
  /** `open`: closed is not said, for servers that take it for unregistered. */
  readonly basic: 'phone' | 'open'
  /** Seconds. */
  readonly expires: number
  /** PEM. */
  readonly ca?: string
}

export interface SipProxy {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
}

/** Null where it is none. UDP is left out: with digest and a long label a PUBLISH does not fit a datagram (RFC 3261, 18.1.1). */
export function parseProxy(text: string): SipProxy | null {
  const match =
    /^(sips?):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(?:;transport=(tcp|tls))?$/i.exec(text)
  if (match === null) return null
  const isTls = match[1]!.toLowerCase() === 'sips' || match[4]?.toLowerCase() === 'tls'
  const port = match[3] === undefined ? (isTls ? 5061 : 5060) : Number(match[3])
  if (port < 1 || port > 65_535) return null
  return { host: match[2]!.replace(/^\[|\]$/g, ''), port, isTls }
}
