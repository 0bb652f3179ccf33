/** A Graph that answers each request of a batch as the test says, from Microsoft's text; its Entra gives one token after another. */
import type { Test } from 'tap'
import type { GraphConnection } from '../../../src/connectors/connection.ts'
import type { Connector, ReadResult } from '../../../src/connectors/connector.ts'
import { GraphConnector } from '../../../src/connectors/graph/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { makeAuthority, startTestServer } from '../test-server.ts'

export interface FakeRequest {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly body?: unknown
}

export interface FakeResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface FakeGraph {
  readonly connector: Connector
  readonly connection: GraphConnection
  /** How many batches were sent, and how many tokens were asked for. */
  readonly counts: { batches: number; tokens: number }
  /** A week around Wednesday 2026-11-18, of mailboxes in Stockholm. */
  read(mailboxes: readonly string[], subjects?: boolean): Promise<readonly ReadResult[]>
}

export const fakeGraphWindow = {
  start: Date.parse('2026-11-16T00:00:00Z'),
  end: Date.parse('2026-11-23T00:00:00Z')
}

const authority = await makeAuthority()

/** `headers` go with every answer of Graph and Entra alike: their `Date`, say. */
export async function startFakeGraph(
  t: Test,
  answer: (request: FakeRequest) => FakeResponse,
  headers: () => Readonly<Record<string, string>> = () => ({})
): Promise<FakeGraph> {
  const counts = { batches: 0, tokens: 0 }
  const remote = await startTestServer(t, authority, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    for (const [name, value] of Object.entries(headers())) response.setHeader(name, value)
    response.setHeader('content-type', 'application/json')
    if (request.url?.includes('/oauth2/v2.0/token')) {
      counts.tokens += 1
      const token = { token_type: 'Bearer', expires_in: 3599, access_token: `token ${counts.tokens}` }
      response.end(JSON.stringify(token))
      return
    }
    counts.batches += 1
    const { requests } = JSON.parse(Buffer.concat(chunks).toString()) as { requests: FakeRequest[] }
    const responses = requests.map((each) => ({ id: each.id, headers: {}, ...answer(each) }))
    response.end(JSON.stringify({ responses }))
  })
  const http = openHttpClient({ addressPolicy: anyAddress, ca: authority.ca })
  t.teardown(() => http.close())
  const connection: GraphConnection = {
    kind: 'graph',
    tenantId: 'example.se',
    clientId: '3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b',
    clientSecret: 'shh',
    cloud: { login: remote.origin, graph: remote.origin },
    pollSeconds: 60
  }
  const connector = new GraphConnector({ connection, http })
  t.teardown(() => connector.close())
  return {
    connector,
    connection,
    counts,
    read: (mailboxes, subjects = true) =>
      connector.read({
        targets: mailboxes.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' })),
        window: fakeGraphWindow,
        subjects,
        signal: AbortSignal.timeout(60_000)
      })
  }
}

/** An answer to calendarView with one event. */
export function viewOf(subject: string): FakeResponse {
  const time = (hour: number) => ({ dateTime: `2026-11-18T${hour}:00:00.0000000`, timeZone: 'UTC' })
  const event = { id: subject, subject, start: time(11), end: time(12), showAs: 'busy' }
  return { status: 200, body: { value: [event] } }
}

/** As Graph writes errors (learn.microsoft.com/graph/errors). */
export function failed(status: number, code: string, message = ''): FakeResponse {
  return { status, body: { error: { code, message, innerError: { 'request-id': '0' } } } }
}
