/** Finds the CalDAV service of a host or domain (RFC 6764) and who the account is there (RFC 5397). */
import type { SrvRecord } from 'node:dns'
import { RemoteError } from '../../../errors.ts'
import type { DavAccount, DavClient } from '../client/dav-client.ts'
import { resolveHref } from '../client/multistatus.ts'
import { findPrincipalBody } from '../client/requests.ts'

/** As of `node:dns/promises`. */
export interface ServiceRecords {
  resolveSrv(name: string): Promise<readonly SrvRecord[]>
  resolveTxt(name: string): Promise<readonly (readonly string[])[]>
}

/** Where the service is, and the account's principal. */
export interface DavService {
  readonly url: string
  readonly principal: string
  /** Where principals are searched for (RFC 3744 section 5.8); empty where the server does not say. */
  readonly collections: readonly string[]
}

/** The address of the service of a domain. Throws RemoteError. */
export async function findDomainService(domain: string, records: ServiceRecords): Promise<string> {
  const name = `_caldavs._tcp.${domain}`
  const found = await records.resolveSrv(name).catch(() => [])
  const [best] = [...found].sort((a, b) => a.priority - b.priority || b.weight - a.weight)
  if (best === undefined) return `https://${domain}/`
  // RFC 2782: a target of "." says that there is no such service.
  const target = best.name.replace(/\.$/, '').toLowerCase()
  if (target === '') throw serviceError(`The domain ${domain} says that it has no CalDAV service (${name})`)
  const port = best.port === 443 ? '' : `:${best.port}`
  if (target !== domain.toLowerCase() && !target.endsWith(`.${domain.toLowerCase()}`)) {
    const shown = /^[a-z0-9.-]{1,100}$/.test(target) ? `https://${target}${port}/` : 'that host'
    throw serviceError(
      `The domain ${domain} names a CalDAV server of another domain (${name}), to which the password is not sent: if ${shown} is right, write it as "url" in place of "domain"`
    )
  }
  const texts = await records.resolveTxt(name).catch(() => [])
  const path = texts.map((text) => /^path=(\/\S*)$/.exec(text.join(''))?.[1]).find(Boolean) ?? '/'
  return `https://${target}${port}${path}`
}

/** Tries the stated path, then `.well-known`, then the root. Throws RemoteError. */
export async function findService(
  client: DavClient,
  account: DavAccount,
  url: string,
  signal: AbortSignal
): Promise<DavService> {
  let first: RemoteError | null = null
  for (const candidate of candidatesOf(url)) {
    try {
      const service = await askService(client, account, candidate, signal)
      if (service !== null) return service
    } catch (error) {
      // One path may be closed to the account (Radicale's root, by its rights) and another not.
      const isNext = error instanceof RemoteError && ['protocol_error', 'access_denied'].includes(error.code)
      if (!isNext) throw error
      first ??= error
    }
  }
  throw (
    first ??
    serviceError(`${new URL(url).host} does not say which account signed in (DAV:current-user-principal)`)
  )
}

function candidatesOf(url: string): string[] {
  const { pathname, protocol, href } = new URL(url)
  const wellKnown = protocol === 'https:' ? [new URL('/.well-known/caldav', url).href] : []
  const root = new URL('/', url).href
  return pathname === '/' ? [...wellKnown, root] : [href, ...wellKnown, root]
}

async function askService(
  client: DavClient,
  account: DavAccount,
  url: string,
  signal: AbortSignal
): Promise<DavService | null> {
  const request = { method: 'PROPFIND', url, depth: '0', body: findPrincipalBody } as const
  const context = { user: null, purpose: 'service' } as const
  const answer = await client.multistatus(account, request, context, signal)
  const [response] = answer.responses
  const principal = response?.properties.get('current-user-principal')
  const [href] = principal?.hrefs ?? []
  if (href === undefined) return null
  const collections = response?.properties.get('principal-collection-set')?.hrefs ?? []
  return {
    url: answer.url,
    principal: resolveHref(href, answer.url).href,
    collections: collections.map((collection) => resolveHref(collection, answer.url).href)
  }
}

function serviceError(why: string): RemoteError {
  return new RemoteError('protocol_error', `${why}. docs/caldav.md has the addresses of common servers.`, {
    scope: 'connection'
  })
}
