/** A request and its answer as the protocols see them, apart from sockets and from batches. */

export interface ProtocolRequest {
  readonly method: string
  /** Decoded, without empty ones. */
  readonly segments: readonly string[]
  /** The path with its query, as it came. */
  readonly url: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
  /** The same for all calls that came over one connection; not there within a batch. */
  readonly connection?: object
}

export interface ProtocolResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  /** Sent as JSON; a Buffer as it is, and an async iterable of them piece by piece. */
  readonly body: unknown
  /** What goes wrong on the wire with an answer that was right. */
  readonly corruption?: Corruption
}

/** Thrown by a body that is sent in pieces: the connection ends here, after this last one. */
export class ConnectionAborted extends Error {
  override readonly name = 'BrokenOff'
  readonly last: Buffer | null

  constructor(last: Buffer | null) {
    super('the connection was broken off by order')
    this.last = last
  }
}

export type Corruption = 'cutOff' | 'reset' | 'html' | 'truncatedJson' | 'empty' | { readonly huge: number }

export function parseProtocolRequest(
  method: string,
  url: string,
  headers: ProtocolRequest['headers'],
  body: string,
  signal: AbortSignal,
  connection?: object
): ProtocolRequest | null {
  const [path = '', search = ''] = splitAt(url, '?')
  try {
    const segments = path.split('/').filter(Boolean).map(decodeURIComponent)
    return {
      method,
      segments,
      url,
      query: new URLSearchParams(search),
      headers,
      body,
      signal,
      ...(connection ? { connection } : {})
    }
  } catch {
    // A malformed percent sequence: no server serves that.
    return null
  }
}

function splitAt(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
