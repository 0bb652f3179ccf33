/** Reads the query of an address; what stands twice becomes a list, which no schema takes. */
import { UNDECODABLE } from './validation.ts'

export function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null)
  if (text === '') return query
  if (text.includes('%') && !decodable(text)) {
    query[UNDECODABLE] = ''
    return query
  }
  // No parameter holds a space, while ids, numbers and offsets hold a +, which many write as it is (RFC 3986).
  for (const [name, value] of new URLSearchParams(text.replaceAll('+', '%2B'))) {
    const before = query[name]
    query[name] = before === undefined ? value : [before, value].flat()
  }
  return query
}

/** URLSearchParams would put U+FFFD where the encoding is bad. */
function decodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
