/** SIP requests as text, and responses from a stream (RFC 3261). */

export interface SipRequest {
  readonly method: 'PUBLISH' | 'OPTIONS'
  readonly uri: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface SipResponse {
  readonly status: number
  /** The first value of a header, by its name in lower case. */
  header(name: string): string | null
  /** Every value of it. */
  headers(name: string): readonly string[]
}

/** No header of an answer is longer, all together. */
const maxHeadBytes = 65_536
const maxBodyBytes = 262_144
/** RFC 3261, 7.3.3, and 20. */
const compactNames: Readonly<Record<string, string>> = { l: 'content-length', v: 'via', i: 'call-id' }

/** Throws where a value would begin a header of its own: values come from operators and from labels. */
export function formatRequest({ method, uri, headers, body }: SipRequest): Buffer {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`
  ]
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new RangeError('A SIP header must be one line.')
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Cuts what arrives into responses. `null` from `take` is a stream that is no SIP: nothing after it can be read. */
export class SipResponseReader {
  #buffered: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk])
  }

  /** The responses that are complete; throws RangeError for what is no SIP. */
  take(): SipResponse[] {
    const responses: SipResponse[] = []
    for (;;) {
      this.#dropKeepAlives()
      const end = this.#buffered.indexOf('\r\n\r\n')
      if (end === -1) {
        if (this.#buffered.length > maxHeadBytes)
          throw new RangeError('The header of an answer does not end.')
        return responses
      }
      const head = parseHead(this.#buffered.toString('utf8', 0, end))
      const length = Number(head.header('content-length') ?? 0)
      if (!Number.isInteger(length) || length < 0 || length > maxBodyBytes)
        throw new RangeError('The length of an answer is out of bounds.')
      if (this.#buffered.length < end + 4 + length) return responses
      this.#buffered = this.#buffered.subarray(end + 4 + length)
      responses.push(head)
    }
  }

  /** RFC 5626: a line end between messages answers ours. */
  #dropKeepAlives(): void {
    let start = 0
    while (this.#buffered[start] === 13 || this.#buffered[start] === 10) start++
    if (start > 0) this.#buffered = this.#buffered.subarray(start)
  }
}

/** A request that a server sends has the status 0. */
function parseHead(text: string): SipResponse {
  const [first = '', ...lines] = text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const status = /^SIP\/2\.0 ([1-6][0-9]{2})( |$)/.exec(first)?.[1]
  if (status === undefined && !/^[A-Z]+ \S+ SIP\/2\.0$/.test(first))
    throw new RangeError('What answered does not speak SIP.')
  const values = new Map<string, string[]>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const written = line.slice(0, colon).trim().toLowerCase()
    const name = compactNames[written] ?? written
    const known = values.get(name)
    const value = line.slice(colon + 1).trim()
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return {
    status: Number(status ?? 0),
    header: (name) => values.get(name)?.[0] ?? null,
    headers: (name) => values.get(name) ?? []
  }
}
