/** The bytes of a calendar as text. RFC 5545 section 3.1.4: UTF-8, unless what carries it says otherwise. */

/** `declared` is the charset of Content-Type, which a file has not. Bytes that are no UTF-8 are read as Windows-1252. */
export function decode(bytes: Uint8Array, declared: string | null): string {
  const marked = byteOrderMark(bytes)
  const label = marked ?? declared ?? 'utf-8'
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch {
    // An unknown charset, or bytes that do not keep to the one that was named.
    return decodeUndeclared(bytes)
  }
}

/** The charset of a Content-Type header. */
export function charsetOf(contentType: string | null): string | null {
  return /;\s*charset\s*=\s*"?([A-Za-z0-9_:.-]+)/i.exec(contentType ?? '')?.[1] ?? null
}

function decodeUndeclared(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

function byteOrderMark(bytes: Uint8Array): string | null {
  const [one, two, three] = bytes
  if (one === 0xef && two === 0xbb && three === 0xbf) return 'utf-8'
  if (one === 0xff && two === 0xfe) return 'utf-16le'
  return one === 0xfe && two === 0xff ? 'utf-16be' : null
}
