/** Where a server sends a call instead of answering it, and what that means. */
import { RemoteError } from '../../../errors.ts'

const redirects = [301, 302, 303, 307, 308]

export function isRedirect(status: number): boolean {
  return redirects.includes(status)
}

/** Exchange itself has no longer chains. */
const maxHops = 10

/** The path to call instead, on the same server. Throws RemoteError for all that leads elsewhere. */
export function redirectOf(location: unknown, from: URL, seen: ReadonlySet<string>): string {
  const to =
    typeof location === 'string' && URL.canParse(location, from.href) ? new URL(location, from) : null
  if (to === null) throw wrong(`${from.host} redirects to nowhere: check url.`)
  const path = to.pathname.toLowerCase()
  // Sporadic, and gone soon (exchangelib, protocol.py).
  if (path.endsWith('/genericerrorpage.htm')) {
    const hint = `${from.host} has trouble of its own and shows its error page. It is tried again by itself.`
    throw new RemoteError('unreachable', hint, { scope: 'connection' })
  }
  if (!/\.(asmx|svc|xml)$/.test(path)) {
    throw wrong(
      `${from.host} answers with a page for people to sign in: url must end in /EWS/Exchange.asmx, and no gateway before it may ask for a form.`
    )
  }
  if (to.origin !== from.origin) {
    // The host alone: the server may write anything into the rest.
    const elsewhere =
      to.host === from.host ? `${to.protocol.slice(0, -1)} at the same host` : to.host.slice(0, 260)
    throw wrong(
      `${from.host} sends calls on to ${elsewhere}: write that server's EWS address in url if it is yours; secrets are not sent after redirects.`
    )
  }
  if (seen.has(to.pathname + to.search) || seen.size >= maxHops) {
    throw wrong(`${from.host} redirects in a circle: check url.`)
  }
  return to.pathname + to.search
}

function wrong(hint: string): RemoteError {
  return new RemoteError('protocol_error', hint, { scope: 'connection' })
}
