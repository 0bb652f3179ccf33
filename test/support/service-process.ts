/** The service as a process of its own, as operators run it, beside a simulator that it trusts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { type Simulator, startSimulator } from '../../simulator/simulator.ts'
import { freePort } from '../../tools/free-port.ts'
import { askAgainWhileOverloaded } from './ask-again.ts'
import { checkedFetch } from './openapi.ts'
import { hangMs } from './until.ts'

const main = resolve('dist/src/main.js')
export const KEY = 'the-key-of-the-service-under-test'

export interface ServiceProcess {
  readonly origin: string
  readonly folder: string
  /** Every line that the process printed. */
  readonly output: readonly string[]
  /** Sends with the key; a string goes as it is, anything else as JSON. Throws nothing for a refusal. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string; json: AnyJson }>
  kill(signal: NodeJS.Signals): Promise<void>
}
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
type AnyJson = any

/** `npm test` compiles first, so that what runs here is what operators run. */
export async function startServiceProcess(
  t: Test,
  environment: Record<string, string> = {},
  folder = t.testdir()
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH ?? '',
      HANVISA_PORT: '0',
      HANVISA_DATA_DIR: folder,
      HANVISA_ADMIN_KEY: KEY,
      HANVISA_ALLOW_PRIVATE_TARGETS: '1',
      HANVISA_LOG_LEVEL: 'trace',
      ...environment
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const output: string[] = []
  const origin = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output.push(line)
        if (!line.includes('"listening"')) return
        const said = JSON.parse(line) as { msg?: string; origin?: string }
        if (said.msg === 'listening' && said.origin !== undefined) resolve(said.origin)
      })
    }
    child.once('exit', () => reject(new Error(`the service ended: ${output.join('\n')}`)))
  })
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  t.teardown(() => kill('SIGKILL'))
  const send = async (method: string, path: string, body: unknown) => {
    const raw = typeof body === 'string'
    const response = await checkedFetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body !== undefined && { 'content-type': raw ? 'text/csv' : 'application/json' })
      },
      ...(body !== undefined && { body: raw ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== ''
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined }
  }
  return {
    origin,
    folder,
    output,
    kill,
    call: (method, path, body) => askAgainWhileOverloaded(() => send(method, path, body))
  }
}

export const DIRECTORY = '3f1b2a3c-0000-4000-8000-00000000000a'
const CLIENT = '7c9e6679-7425-40de-944b-e07fc1f90ae7'

export interface GraphInstallation {
  readonly simulator: Simulator
  readonly service: ServiceProcess
  /** Starts another over the same data folder. */
  restart(environment?: Record<string, string>): Promise<ServiceProcess>
}

/** A simulator with one directory and one app, and the service trusting it. */
export async function startServiceOnGraph(
  t: Test,
  environment: Record<string, string> = {}
): Promise<GraphInstallation> {
  const folder = t.testdir({ data: {}, simulator: {} })
  const simulator = await startSimulator({ folder: join(folder, 'simulator') })
  t.teardown(() => simulator.close())
  simulator.directories.put({ id: DIRECTORY, apps: [{ clientId: CLIENT, secret: 'right' }] })
  const restart = (environment: Record<string, string> = {}) =>
    startServiceProcess(t, { ...environment, NODE_EXTRA_CA_CERTS: simulator.caFile! }, join(folder, 'data'))
  return { simulator, service: await restart(environment), restart }
}

/** With these Graph's notifications reach the service. */
export async function publicAddress(): Promise<{ HANVISA_PORT: string; HANVISA_PUBLIC_URL: string }> {
  const port = String(await freePort())
  return { HANVISA_PORT: port, HANVISA_PUBLIC_URL: `http://127.0.0.1:${port}` }
}

/** Makes a tenant whose users have the mailbox `{user}@acme.example`, read every ten seconds unless said otherwise. */
export async function createTenantOnGraph(
  { service, simulator }: { simulator: Simulator; service: ServiceProcess },
  tenant: string,
  users: readonly string[],
  rules: object = {
    pack: 'infracom',
    availability: { free: null, tentative: null, busy: 'busy', oof: 'out-of-office', workingElsewhere: null }
  },
  pollSeconds = 10
): Promise<void> {
  const root = `/v1/tenants/${tenant}`
  const put = async (path: string, body: object) => {
    const { status, text } = await service.call('PUT', path, body)
    if (status >= 300) throw new Error(`${path}: ${text}`)
  }
  await put(root, { name: tenant, timeZone: 'Europe/Stockholm', language: 'sv' })
  await put(`${root}/rules`, rules)
  for (const [index, user] of users.entries()) {
    await put(`${root}/users/${user}`, {
      displayName: user,
      extension: String(1000 + index),
      mailbox: `${user}@acme.example`,
      syncEnabled: true
    })
  }
  await put(`${root}/connection`, { ...graphConnection(simulator), pollSeconds })
}

export function graphConnection(simulator: Simulator, clientSecret = 'right') {
  return {
    kind: 'graph',
    tenantId: DIRECTORY,
    clientId: CLIENT,
    clientSecret,
    cloud: { login: simulator.loginRoot, graph: simulator.graphRoot },
    pollSeconds: 10
  }
}

/** Follows a tenant's changes as a switch does, and keeps what holds for each user. */
export async function followTenant(service: ServiceProcess, tenant: string) {
  const { json } = await service.call('GET', `/v1/tenants/${tenant}/statuses`)
  let cursor: string = json.cursor
  const held = new Map<string, AnyJson>(json.statuses.map((status: AnyJson) => [status.user, status]))
  return {
    held,
    /** Long-polls until `enough` says so. */
    async until(what: string, enough: (held: ReadonlyMap<string, AnyJson>) => boolean): Promise<void> {
      const last = performance.now() + hangMs
      while (!enough(held)) {
        if (performance.now() > last)
          throw new Error(`${what}: not within ${hangMs / 1000} s: ${JSON.stringify([...held.values()])}`)
        const answer = await service.call('GET', `/v1/tenants/${tenant}/changes?wait=20&cursor=${cursor}`)
        cursor = answer.json.cursor
        for (const status of answer.json.changes) held.set(status.user, status)
      }
    }
  }
}
