/** The bytes of a reply as text, piece by piece, by the charset that its sender names. */
import { isUtf8 } from 'node:buffer'
import { RemoteError } from '../../errors.ts'

export interface Decoder {
  /** Throws RemoteError `protocol_error` where the bytes are not of the charset that was named. */
  write(bytes: Buffer): string
  end(): string
}

/** A declaration that is no longer than this names the charset; what comes later comes too late. */
const maxDeclarationBytes = 256

/** By RFC 7303 section 3: a byte order mark, else Content-Type's charset, else the XML declaration, else UTF-8. */
export function decoderOf(contentType: string | undefined): Decoder {
  const stated = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType ?? '')?.[1]
  let head: Buffer | null = Buffer.alloc(0)
  let decoder: Decoder = utf8()

  function begin(bytes: Buffer): string {
    decoder = decoderFor(markedCharset(bytes) ?? stated ?? declaredCharset(bytes) ?? 'utf-8')
    head = null
    return decoder.write(bytes)
  }

  return {
    write(bytes) {
      if (head === null) return decoder.write(bytes)
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes])
      const enough = head.length >= maxDeclarationBytes || head.includes('>') || stated !== undefined
      return head.length >= 4 && enough ? begin(head) : ''
    },
    end: () => (head === null ? '' : begin(head)) + decoder.end()
  }
}

function markedCharset(bytes: Buffer): string | undefined {
  const [first, second, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  // A `<` that takes two bytes shows its order without a mark (XML 1.0 appendix F).
  if (first === 0x3c && second === 0) return 'utf-16le'
  return first === 0 && second === 0x3c ? 'utf-16be' : undefined
}

function declaredCharset(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, maxDeclarationBytes)
  const name = /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1]
  // Who could be read so far writes no UTF-16, whatever is declared.
  return name !== undefined && /^utf-?16|^ucs-?2/i.test(name) ? 'utf-8' : name
}

function decoderFor(name: string): Decoder {
  if (/^utf-?8$/i.test(name)) return utf8()
  try {
    return byTable(new TextDecoder(name, { fatal: true }))
  } catch (error) {
    if (error instanceof RemoteError) throw error
    throw wrongCharset()
  }
}

/** Most replies are UTF-8, and Node checks and decodes that several times faster than TextDecoder streams it. */
function utf8(): Decoder {
  let rest: Buffer = Buffer.alloc(0)
  let begun = false
  const text = (bytes: Buffer): string => {
    if (!isUtf8(bytes)) throw wrongCharset()
    const read = bytes.toString('utf8')
    if (begun || read === '') return read
    begun = true
    return read.charCodeAt(0) === 0xfeff ? read.slice(1) : read
  }
  return {
    write(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const whole = all.length - unfinished(all)
      rest = all.subarray(whole)
      return text(all.subarray(0, whole))
    },
    end: () => text(rest)
  }
}

/** How many bytes at the end are the beginning of a character. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}

function byTable(table: InstanceType<typeof TextDecoder>): Decoder {
  const decode = (bytes?: Buffer): string => {
    try {
      return bytes === undefined ? table.decode() : table.decode(bytes, { stream: true })
    } catch {
      throw wrongCharset()
    }
  }
  return { write: decode, end: () => decode() }
}

function wrongCharset(): RemoteError {
  const hint =
    'The reply is not in the charset that it names, so it was not read: see whether a proxy or gateway changes replies.'
  return new RemoteError('protocol_error', hint)
}
