/** A whole service for tests: a folder and a port of its own, spoken to as consumers do, closed with the test. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { startService } from '../../src/composition.ts'
import type { Config } from '../../src/config.ts'
import { noAlarmSenders } from '../../src/config-alarms.ts'
import { checkedFetch } from './openapi.ts'
import { putTenant } from './put-tenant.ts'

export interface ServiceResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
  readonly body: any
}

export interface TestService {
  readonly origin: string
  readonly key: string
  readonly masterKey: Buffer
  /** The data folder. */
  readonly folder: string
  /** Sends with the key; a body that is no string or Buffer goes as JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>
  ): Promise<ServiceResponse>
  /** What was logged so far, line by line. */
  log(): readonly string[]
  /** As `putTenant`. */
  tenant(id: string, more?: object): Promise<void>
  /** Makes the file below the folder that an `ics` connection reads for the tenant. */
  calendar(tenant: string, file: string, ...events: string[]): Promise<void>
  close(): Promise<void>
}

export async function startTestService(t: Test, given: Partial<Config> = {}): Promise<TestService> {
  const folder = given.dataDir ?? t.testdir()
  const key = given.adminKey ?? 'a-key-for-tests-only'
  const masterKey = given.masterKey ?? randomBytes(32)
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const service = await startService(
    {
      host: '127.0.0.1',
      port: 0,
      dataDir: folder,
      redisUrl: null,
      role: 'all',
      adminKey: key,
      masterKey,
      masterKeyNext: null,
      publicUrl: null,
      allowPrivateTargets: true,
      trustedProxies: ['127.0.0.1'],
      signIn: null,
      providerApplication: null,
      alarms: noAlarmSenders,
      maxCallsPerMinute: 600,
      maxEventLoopDelayMs: Infinity,
      maxLongPollsPerKey: 100,
      historyMs: 2 * 86_400_000,
      auditDays: 365,
      allowedNetworks: [],
      logLevel: 'trace',
      ...given
    },
    log
  )
  t.teardown(() => service.close())

  const call: TestService['call'] = async (method, path, body, headers = {}) => {
    const raw = typeof body === 'string' || Buffer.isBuffer(body)
    const response = await checkedFetch(`${service.origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && !raw && { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body !== undefined && { body: raw ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    const json = /\bjson\b/.test(response.headers.get('content-type') ?? '') && text !== ''
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json ? JSON.parse(text) : undefined
    }
  }

  return {
    origin: service.origin,
    key,
    masterKey,
    folder,
    call,
    log: () => lines,
    tenant: (id, more) => putTenant(call, id, more),
    async calendar(tenant, file, ...events) {
      const path = join(folder, 'calendars', tenant, file)
      await mkdir(dirname(path), { recursive: true })
      const text = [
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'PRODID:-//hanvisa//test//EN',
        ...events,
        'END:VCALENDAR',
        ''
      ]
      await writeFile(path, text.join('\r\n'))
    },
    close: () => service.close()
  }
}

/** A VEVENT of its own. Instants are epoch milliseconds. */
export function vevent(subject: string, start: number, end: number, ...lines: string[]): string {
  const utc = (instant: number) => new Date(instant).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const uid = `UID:${randomBytes(8).toString('hex')}@test`
  const times = [`DTSTAMP:${utc(start)}`, `DTSTART:${utc(start)}`, `DTEND:${utc(end)}`]
  return ['BEGIN:VEVENT', uid, ...times, `SUMMARY:${subject}`, ...lines, 'END:VEVENT'].join('\r\n')
}
