/** The bytes of a calendar as text. RFC 5545 section 3.1.4: UTF-8, unless what carries it says otherwise. */

const LF = 0x0a
const CR = 0x0d

/**
 * `declared` is the charset of Content-Type, which a file has not. Lines are unfolded before they are decoded, since a
 * fold may stand inside a character (section 3.1), and a line that is not in the calendar's charset changes no other.
 */
export function decodeCalendar(bytes: Uint8Array, declared: string | null): string {
  const label = byteOrderMark(bytes) ?? declared ?? 'utf-8'
  const text = tryDecode(bytes, label)
  if (text !== null) return text
  // Their line breaks are not single bytes.
  if (/^utf-?16/i.test(label)) return new TextDecoder(label).decode(bytes)
  return decodeLines(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), label)
}

/** The charset of a Content-Type header. */
export function charsetOf(contentType: string | null): string | null {
  return /;\s*charset\s*=\s*"?([A-Za-z0-9_:.-]+)/i.exec(contentType ?? '')?.[1] ?? null
}

/** Null where the charset is unknown, or the bytes are not in it. */
function tryDecode(bytes: Uint8Array, label: string): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Each line by itself: in the charset, else in UTF-8, else in Windows-1252. Folds become empty ones, so that lines keep their numbers. */
function decodeLines(bytes: Buffer, label: string): string {
  const mark = bytes.includes(LF) ? LF : CR
  const lines: string[] = []
  let pieces: Buffer[] = []
  const flush = () => {
    const line = Buffer.concat(pieces)
    const text =
      tryDecode(line, label) ?? tryDecode(line, 'utf-8') ?? new TextDecoder('windows-1252').decode(line)
    lines.push(text + '\n '.repeat(pieces.length - 1))
    pieces = []
  }
  for (let from = 0; from <= bytes.length; ) {
    const found = bytes.indexOf(mark, from)
    const to = found === -1 ? bytes.length : found
    const end = mark === LF && to > from && bytes[to - 1] === CR ? to - 1 : to
    const isFold = (bytes[from] === 0x20 || bytes[from] === 0x09) && end > from && pieces.length > 0
    if (!isFold && pieces.length > 0) flush()
    pieces.push(bytes.subarray(isFold ? from + 1 : from, end))
    from = to + 1
  }
  flush()
  return lines.join('\n')
}

function byteOrderMark(bytes: Uint8Array): string | null {
  const [one, two, three] = bytes
  if (one === 0xef && two === 0xbb && three === 0xbf) return 'utf-8'
  if (one === 0xff && two === 0xfe) return 'utf-16le'
  return one === 0xfe && two === 0xff ? 'utf-16be' : null
}
