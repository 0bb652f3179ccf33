/** The connector by which `hanvisa try` reads what it was given: a file, a published calendar, or an account on a CalDAV server. */
import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { createCaldavConnector } from '../connectors/caldav/connector.ts'
import type { Connector } from '../connectors/connector.ts'
import { createIcsConnector } from '../connectors/ics/connector.ts'
import type { HttpClient } from '../connectors/net/http-client.ts'
import { RemoteError } from '../errors.ts'

export interface PreviewSource {
  readonly connector: Connector
  readonly mailbox: string
}

const tenant = 'try'

/** Throws RemoteError where there is no such file. */
export async function openPreviewConnector(calendar: string, httpClient: HttpClient): Promise<PreviewSource> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(calendar)?.[1]?.toLowerCase()
  if (scheme === undefined) return openFile(calendar, httpClient)
  // caldav:// does not say whether it means http or https; only the latter keeps the password secret.
  const mailbox = calendar.replace(/^caldavs?:/i, 'https:')
  const isCaldav = mailbox !== calendar || (await speaksCaldav(mailbox, httpClient))
  if (!isCaldav) return { connector: createIcsConnector({ tenant, folder: '.', httpClient }), mailbox }
  const connection = { kind: 'caldav', access: 'perUser', pollSeconds: 60 } as const
  return { connector: createCaldavConnector({ tenant, connection, outbound: httpClient }), mailbox }
}

async function openFile(calendar: string, httpClient: HttpClient): Promise<PreviewSource> {
  let path: string
  try {
    path = await realpath(calendar)
  } catch {
    throw new RemoteError('mailbox_unknown', `There is no file ${calendar}.`)
  }
  const connector = createIcsConnector({ tenant, folder: dirname(path), httpClient })
  return { connector, mailbox: basename(path) }
}

/** Servers answer OPTIONS with `DAV` (RFC 4918 section 10.1). A file, or what needs no password, is a published calendar all the same. */
async function speaksCaldav(address: string, httpClient: HttpClient): Promise<boolean> {
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null || url.password === '' || !/^https?:$/.test(url.protocol)) return false
  if (url.pathname.endsWith('.ics')) return false
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  const headers = {
    authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`,
    'user-agent': 'Hanvisa'
  }
  url.username = ''
  url.password = ''
  for (const place of [url.href, new URL('/.well-known/caldav', url).href]) {
    const signal = AbortSignal.timeout(30_000)
    const reply = await httpClient.fetch(place, { method: 'OPTIONS', headers, signal }).catch(() => null)
    await reply?.body?.cancel()
    if (reply?.headers.get('dav') != null) return true
  }
  return false
}
