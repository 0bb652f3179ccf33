/** Which mailboxes stand on one server: Autodiscover's GroupingInformation and URL, for many addresses at a time. */

import { readXml, type Visitor } from '../../net/xml-reader.ts'
import { escapeXml } from '../soap/requests.ts'
import { soapDialect } from '../soap/soap-dialect.ts'
import { autodiscoverEnvelope } from './autodiscover-responses.ts'
import type { EwsTransport } from './transport.ts'

/** Users of one GetUserSettings. Exchange's own client asks for no more (AutodiscoverService, MaxUsersPerRequest). */
const maxUsersPerCall = 100

/**
 * By mailbox, for those that it is said of. "Place mailboxes with the same ExternalEwsUrl and GroupingInformation
 * concatenated value in the same group" (how-to-maintain-affinity-between-group-of-subscriptions-and-mailbox-server.md).
 * Throws RemoteError.
 */
export async function readGroupingInformation(
  service: { readonly transport: EwsTransport; readonly url: string },
  mailboxes: readonly string[],
  signal: AbortSignal
): Promise<Map<string, string>> {
  const groups = new Map<string, string>()
  for (let at = 0; at < mailboxes.length; at += maxUsersPerCall) {
    const asked = mailboxes.slice(at, at + maxUsersPerCall)
    const users = await readUsers(service, asked, signal)
    // Their order alone says which is whose.
    if (users === null || users.length !== asked.length) return groups
    for (const [index, mailbox] of asked.entries()) {
      const settings = users[index]!
      const server = settings.get('GroupingInformation') ?? ''
      const url = settings.get('ExternalEwsUrl') || settings.get('InternalEwsUrl') || ''
      if (server !== '') groups.set(mailbox, `${url} ${server}`)
    }
  }
  return groups
}

/** The settings of each user; null where there is no such service. */
async function readUsers(
  { transport, url }: { readonly transport: EwsTransport; readonly url: string },
  mailboxes: readonly string[],
  signal: AbortSignal
): Promise<Map<string, string>[] | null> {
  const users = mailboxes.map((mailbox) => `<a:User><a:Mailbox>${escapeXml(mailbox)}</a:Mailbox></a:User>`)
  const settings = ['ExternalEwsUrl', 'InternalEwsUrl', 'GroupingInformation']
  const headers = { 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', 'user-agent': 'Hanvisa' }
  const body = autodiscoverEnvelope(users.join(''), settings, url)
  const reply = await transport.call({ headers, body, signal })
  if (reply.status !== 200) {
    await reply.discard()
    return null
  }
  const found: Map<string, string>[] = []
  let name = ''
  const visitor: Visitor = {
    open(element) {
      if (element === 'UserResponse') found.push(new Map())
    },
    close(element, _depth, text) {
      if (element === 'Name') name = text.trim()
      else if (element === 'Value') found.at(-1)?.set(name, text.trim())
    }
  }
  await readXml(reply.body, visitor, soapDialect)
  return found
}
