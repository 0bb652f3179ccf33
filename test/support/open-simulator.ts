/** A simulator with one tenant, and the clients that everybody uses to reach the real thing. */
import { ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node'
import { Client } from '@microsoft/microsoft-graph-client'
import { Agent, fetch } from 'undici'
import type { EventInput } from '../../simulator/calendar-item.ts'
import type { AppInput } from '../../simulator/directories.ts'
import type { MailboxInput } from '../../simulator/mailboxes.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/simulator.ts'

export const simulatedTenant = '7c3b6a52-5f5e-4d0e-9d3f-0a1b2c3d4e5f'
export const simulatedClientId = '3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b'

export interface SimulatorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: what came over the wire; each test looks into it where it expects something
  readonly body: any
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  /** Goes as JSON. */
  readonly body?: unknown
  /** Goes as it is. */
  readonly form?: string
}

export interface OpenSimulator {
  readonly simulator: Simulator
  readonly agent: Agent
  readonly network: INetworkModule
  send(method: string, path: string, options?: Sent): Promise<SimulatorReply>
  /** With a token of the first application. */
  graph(path: string, options?: { prefer?: string; body?: unknown }): Promise<SimulatorReply>
  put(mailbox: MailboxInput): void
  put(address: string, ...events: EventInput[]): void
  token(app?: { clientId?: string; clientSecret?: string; tenant?: string }): Promise<string>
  client(token: string): Client
}

/** Everything is closed when the test ends. */
export async function openSimulator(
  t: { teardown(end: () => Promise<void>): void },
  app: Partial<AppInput> = {},
  options: SimulatorOptions & { tokenSeconds?: number } = {}
): Promise<OpenSimulator> {
  const simulator = await startSimulator(options)
  const agent = new Agent({ connect: { ca: simulator.ca } })
  t.teardown(async () => {
    await agent.destroy()
    await simulator.close()
  })
  const { tokenSeconds } = options
  simulator.directories.put({
    id: simulatedTenant,
    domain: 'example.se',
    apps: [{ clientId: simulatedClientId, secret: 'right', ...app }],
    ...(tokenSeconds === undefined ? {} : { tokenSeconds })
  })

  const send: OpenSimulator['send'] = async (method, path, { headers = {}, body, form } = {}) => {
    const response = await fetch(new URL(path, simulator.origin), {
      method,
      headers: body === undefined ? { ...headers } : { 'content-type': 'application/json', ...headers },
      body: form ?? (body === undefined ? null : JSON.stringify(body)),
      dispatcher: agent
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: text && JSON.parse(text)
    }
  }
  const network: INetworkModule = {
    sendGetRequestAsync: async (url, { headers } = {}) => {
      const response = await fetch(url, { ...(headers ? { headers } : {}), dispatcher: agent })
      return { headers: {}, status: response.status, body: (await response.json()) as never }
    },
    sendPostRequestAsync: async (url, { headers, body } = {}) => {
      const sent = { ...(headers ? { headers } : {}), ...(body ? { body } : {}) }
      const response = await fetch(url, { method: 'POST', ...sent, dispatcher: agent })
      return { headers: {}, status: response.status, body: (await response.json()) as never }
    }
  }
  const token: OpenSimulator['token'] = async (who = {}) => {
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: who.clientId ?? simulatedClientId,
        clientSecret: who.clientSecret ?? 'right',
        authority: `${simulator.loginRoot}/${who.tenant ?? simulatedTenant}`,
        knownAuthorities: [new URL(simulator.loginRoot).host]
      },
      system: { networkClient: network }
    })
    const scopes = [`${simulator.graphRoot}/.default`]
    const result = await application.acquireTokenByClientCredential({ scopes })
    if (!result) throw new Error('msal gave no token')
    return result.accessToken
  }

  let held: string | undefined
  return {
    simulator,
    agent,
    network,
    send,
    token,
    graph: async (path, { prefer, body } = {}) => {
      held ??= await token()
      const headers = { authorization: `Bearer ${held}`, ...(prefer ? { prefer } : {}) }
      return send(body === undefined ? 'GET' : 'POST', `/v1.0${path}`, { headers, body })
    },
    put: (mailbox: string | MailboxInput, ...events: EventInput[]) => {
      simulator.mailboxes.put(
        simulatedTenant,
        typeof mailbox === 'string' ? { address: mailbox, events } : mailbox
      )
    },
    client: (accessToken) =>
      Client.init({
        baseUrl: simulator.graphRoot,
        defaultVersion: 'v1.0',
        customHosts: new Set([new URL(simulator.graphRoot).hostname]),
        authProvider: (done) => done(null, accessToken),
        fetchOptions: { dispatcher: agent } as object
      })
  }
}
