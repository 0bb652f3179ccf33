/** The path of a next page, as `Call.path` takes it. */
import { RemoteError } from '../../../errors.ts'

/** The token goes where it belongs: a link elsewhere is not followed. Throws RemoteError `protocol_error`. */
export function nextPagePath(link: unknown, graph: string): string {
  const root = new URL(`${graph}/v1.0/`)
  const next = typeof link === 'string' && URL.canParse(link) ? new URL(link) : null
  if (next === null || next.origin !== root.origin || !next.pathname.startsWith(root.pathname)) {
    throw new RemoteError('protocol_error', "The link to the next page leaves Graph's address.")
  }
  return `/${next.pathname.slice(root.pathname.length)}${next.search}`
}

/**
 * Whether a page below `/users/{id}` or `/users('{id}')` is of this mailbox. Graph may name the same user by another id, which
 * cannot be told from another user's; another address, or none at all, can.
 */
export function isPageOfMailbox(path: string, mailbox: string): boolean {
  const [, segment, key] = /^\/users(?:\/([^/?]+)|\('([^/?]+)'\))\//i.exec(path) ?? []
  const id = decoded(segment ?? key?.replaceAll("''", "'") ?? '%')?.toLowerCase()
  return id !== undefined && (id === mailbox.toLowerCase() || !id.includes('@'))
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
