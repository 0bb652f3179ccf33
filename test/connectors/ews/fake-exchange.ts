/** A server that answers each EWS call with what a test writes, over real TLS and Basic; and connectors to it. */
import type { Test } from 'tap'
import type { EwsConnection } from '../../../src/connectors/connection.ts'
import type { Connector, ReadRequest, ReadResult } from '../../../src/connectors/connector.ts'
import { createEwsConnector } from '../../../src/connectors/ews/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { hangSignal } from '../../support/until.ts'
import { exchangeWeek } from './exchange.ts'
import { account, serverCertificate, startServer } from './server.ts'

export interface FakeCall {
  readonly operation: string
  /** Whom it impersonates; empty where nobody. */
  readonly impersonated: string
  readonly body: string
}

export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export interface FakeExchange {
  readonly url: string
  /** In the order in which they came. */
  readonly calls: FakeCall[]
  connector(changes?: Partial<EwsConnection>): Connector
  /** Of a week around Wednesday 2026-11-18, of mailboxes in Stockholm. */
  read(
    connector: Connector,
    mailboxes: readonly string[],
    changes?: Partial<ReadRequest>
  ): Promise<readonly ReadResult[]>
}

/** Where `answer` gives null the call hangs. A fault is sent as HTTP 500, all else as 200 unless the answer says otherwise. */
export async function fakeExchange(
  t: Test,
  answer: (call: FakeCall) => string | FakeAnswer | null
): Promise<FakeExchange> {
  const calls: FakeCall[] = []
  const expected = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}`
  const server = await startServer(t, {
    other: { offers: ['Basic realm="x"'], good: (authorization) => authorization === expected },
    answer(_request, response, body) {
      const operation = /<m:(\w+)/.exec(body)?.[1] ?? ''
      const impersonated = /<t:(?:PrimarySmtpAddress|SmtpAddress|PrincipalName)>([^<]*)/.exec(body)?.[1] ?? ''
      const call = { operation, impersonated, body }
      calls.push(call)
      const given = answer(call)
      if (given === null) return
      const {
        status,
        headers = {},
        body: xml
      }: FakeAnswer = typeof given === 'string' ? { body: given } : given
      const usual = xml.includes(':Fault>') ? 500 : 200
      response.writeHead(status ?? usual, { 'content-type': 'text/xml; charset=utf-8', ...headers }).end(xml)
    }
  })
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const connectors: Connector[] = []
  t.teardown(async () => {
    for (const each of connectors) await each.close()
    await outbound.close()
  })
  return {
    url: server.url,
    calls,
    connector(changes = {}) {
      const made = createEwsConnector({
        connection: {
          kind: 'ews',
          url: server.url,
          auth: { kind: 'basic', ...account },
          access: 'impersonation',
          version: 'auto',
          ca: serverCertificate.signer,
          pollSeconds: 60,
          ...changes
        },
        outbound,
        addressPolicy: anyAddress,
        environment: {}
      })
      connectors.push(made)
      return made
    },
    read: (connector, mailboxes, changes = {}) =>
      connector.read({
        targets: mailboxes.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' })),
        window: exchangeWeek,
        subjects: true,
        signal: hangSignal(),
        ...changes
      })
  }
}
