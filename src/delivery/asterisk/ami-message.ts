/** Actions and answers of the Asterisk Manager Interface as text. */
import { StringDecoder } from 'node:string_decoder'

export type AmiFields = readonly (readonly [name: string, value: string])[]

export interface AmiMessage {
  /** The first value of a member, by its name in lower case. */
  get(name: string): string | null
}

/** manager.c: a longer line is answered by an error that names no action. */
const maxLineBytes = 1_024
/** No message of Asterisk is longer by far. */
const maxMessageBytes = 262_144

/** Throws RangeError where a value would be a line of its own, or too long for one. */
export function formatAction(action: string, actionId: string, fields: AmiFields): string {
  // Asterisk matches an answer by it even where it reads no further.
  const lines = [
    `Action: ${action}`,
    `ActionID: ${actionId}`,
    ...fields.map(([name, value]) => `${name}: ${value}`)
  ]
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new RangeError('A value for Asterisk must be one line.')
    if (Buffer.byteLength(line) > maxLineBytes - 2) throw new RangeError('A line for Asterisk is too long.')
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Cuts what arrives into the banner and messages. */
export class AmiReader {
  /** A chunk may end within a character. */
  readonly #decoder = new StringDecoder('utf8')
  #buffered = ''
  #banner: string | null = null

  /** `Asterisk Call Manager/11.0.0`; null: it has not come yet. */
  get banner(): string | null {
    return this.#banner
  }

  /** The messages that are complete; throws RangeError for what is no AMI. */
  push(chunk: Buffer): AmiMessage[] {
    this.#buffered += this.#decoder.write(chunk)
    if (this.#banner === null && !this.#takeBanner()) return []
    const messages: AmiMessage[] = []
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#buffered)
      if (end === null) break
      messages.push(parse(this.#buffered.slice(0, end.index)))
      this.#buffered = this.#buffered.slice(end.index + end[0].length)
    }
    if (this.#buffered.length > maxMessageBytes) throw new RangeError('A message does not end.')
    return messages
  }

  #takeBanner(): boolean {
    const end = this.#buffered.indexOf('\n')
    if (end === -1) {
      if (this.#buffered.length > maxLineBytes) throw new RangeError('There is no banner.')
      return false
    }
    const banner = this.#buffered.slice(0, end).trim()
    if (!/^Asterisk Call Manager\//.test(banner)) throw new RangeError('It is no Asterisk.')
    this.#banner = banner
    this.#buffered = this.#buffered.slice(end + 1)
    return true
  }
}

function parse(text: string): AmiMessage {
  const values = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    if (!values.has(name)) values.set(name, line.slice(colon + 1).trim())
  }
  return { get: (name) => values.get(name) ?? null }
}
