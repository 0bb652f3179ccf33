/** How long a server asks its clients to wait (RFC 9110 section 10.2.3; Graph sends decimals too). */

/** However long a server asks, it is tried again after a day. */
const longest = 86_400_000

/** Milliseconds from `now`; undefined where nothing readable is said. */
export function retryAfterOf(header: unknown, now: number): number | undefined {
  const said = typeof header === 'number' ? String(header) : header
  if (typeof said !== 'string' || said.trim() === '') return undefined
  const wait = /^\s*\d+(\.\d+)?\s*$/.test(said) ? Number(said) * 1000 : dateOf(said) - now
  if (!Number.isFinite(wait)) return undefined
  return Math.min(Math.max(0, Math.ceil(wait)), longest)
}

/** An HTTP date names its month; Date.parse would take "-5" for one too. */
function dateOf(said: string): number {
  return /[A-Z][a-z]{2}/.test(said) ? Date.parse(said) : Number.NaN
}
