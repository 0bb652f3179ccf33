/** A CalDAV connector for tests, and what is read over it. */
import type { Test } from 'tap'
import { type CaldavConnectorDeps, createCaldavConnector } from '../../../src/connectors/caldav/connector.ts'
import type { CaldavConnection } from '../../../src/connectors/connection.ts'
import type { Connector, ReadResult } from '../../../src/connectors/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { hangSignal } from '../../support/until.ts'

export const mailboxZone = 'Europe/Stockholm'
export const window = {
  start: Date.parse('2026-11-30T00:00:00Z'),
  end: Date.parse('2026-12-15T00:00:00Z')
}

export function openConnector(
  t: Test,
  connection: Partial<CaldavConnection>,
  deps: Partial<CaldavConnectorDeps> = {}
): Connector {
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const auth = { kind: 'basic', user: 'svc', password: 'secret' } as const
  const account =
    connection.access === 'perUser' ? { access: 'perUser' as const } : { auth, access: 'shared' as const }
  const connector = createCaldavConnector({
    tenant: 'acme',
    connection: { kind: 'caldav', pollSeconds: 60, ...account, ...connection },
    outbound,
    ...deps
  })
  t.teardown(async () => {
    await connector.close()
    await outbound.close()
  })
  return connector
}

export async function readMailbox(
  connector: Connector,
  mailbox: string,
  { etag, subjects = true, owner }: { etag?: string | null; subjects?: boolean; owner?: string } = {}
): Promise<ReadResult> {
  const known = typeof etag === 'string' ? { etag } : {}
  const target = { mailbox, timeZone: mailboxZone, ...known, ...(owner === undefined ? {} : { owner }) }
  const [result] = await connector.read({ targets: [target], window, subjects, signal: hangSignal() })
  return result!
}

/** What an operator would see of a result: subjects, or the code. */
export function outcomeOf(result: ReadResult): readonly string[] | string {
  if (result.outcome === 'read') return result.events.map(({ subject }) => subject)
  return result.outcome === 'failed' ? result.error.code : 'unchanged'
}

export function veventText(subject: string, ...more: readonly string[]): string {
  return [
    'BEGIN:VEVENT',
    `UID:${subject}@example.se`,
    'DTSTAMP:20261101T000000Z',
    `SUMMARY:${subject}`,
    ...(more.some((line) => line.startsWith('DTSTART'))
      ? []
      : ['DTSTART:20261201T090000Z', 'DTEND:20261201T100000Z']),
    ...more,
    'END:VEVENT'
  ].join('\r\n')
}
