/** Alarms over a real store and a real mail server, on a clock that is moved minute by minute. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { AlarmRunner } from '../../src/alarms/alarm-runner.ts'
import { StoredConsumerStates } from '../../src/alarms/consumer-states.ts'
import type { AlarmSender, Channel } from '../../src/alarms/senders/alarm-sender.ts'
import { openSmtpSender } from '../../src/alarms/senders/smtp.ts'
import { type AlarmRecipientRecord, emptyAlarmList } from '../../src/storage/alarms.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { alarmPurpose } from '../../src/storage/secrets/alarm-secrets.ts'
import { sealer } from '../../src/storage/secrets/seal.ts'
import type { Store } from '../../src/storage/store.ts'
import type { TenantReport } from '../../src/sync/tenant-report.ts'
import { MINUTE } from '../support/tenant-fixture.ts'
import type { MailServer } from './mail-server.ts'
import { sampleReport } from './tenant-reports.ts'

export const masterSeal = sealer(randomBytes(32))
/** A Tuesday, 08:00 in Stockholm. */
export const MORNING = Date.parse('2026-12-01T07:00:00Z')

export interface AlarmHarness {
  readonly store: Store
  readonly runner: AlarmRunner
  readonly reports: Map<string, TenantReport>
  readonly counted: string[]
  keyEnds: Map<string | null, readonly number[]>
  now(): number
  set(at: number): void
  /** So many passes, a minute apart; `each` is called before every one. */
  run(minutes: number, each?: (now: number) => void): Promise<void>
}

export interface HarnessOptions {
  readonly store: Store
  readonly senders: ReadonlyMap<Channel, AlarmSender>
  /** Of the tenants this process reads; all unless given. */
  readonly owns?: (tenant: string) => boolean
  readonly start?: number
}

export function createAlarmHarness(
  t: Test,
  { store, senders, owns = () => true, start = MORNING }: HarnessOptions
): AlarmHarness {
  let now = start
  const reports = new Map<string, TenantReport>()
  const counted: string[] = []
  const runner = new AlarmRunner({
    store,
    senders,
    unsealer: masterSeal,
    publicUrl: 'https://hanvisa.example',
    reports: {
      owns,
      tenants: () => [...reports.keys()].filter(owns),
      report: (tenant) => reports.get(tenant) ?? null,
      affectedUsers: (_, limit) => ['anna', 'bo', 'cia', 'dan', 'eva', 'fia'].slice(0, limit)
    },
    keyEnds: () => harness.keyEnds,
    applicationEndsAt: null,
    consumers: new StoredConsumerStates({ store, clock: () => now }),
    followers: [],
    timers: { now: () => now, after: () => () => {} },
    clock: () => now,
    metrics: {
      countAlarmMessage: (channel, outcome) => counted.push(`${channel} ${outcome}`),
      observeAlarms: () => {}
    },
    log: { info: () => {}, warn: () => {}, error: () => {} }
  })
  t.teardown(() => runner.close())
  const harness: AlarmHarness = {
    store,
    runner,
    reports,
    counted,
    keyEnds: new Map(),
    now: () => now,
    set: (at) => {
      now = at
    },
    async run(minutes, each = () => {}) {
      for (let minute = 0; minute < minutes; minute++) {
        each(now)
        await runner.pass()
        await runner.whenSent()
        now += MINUTE
      }
    }
  }
  return harness
}

export async function openTestStore(t: Test): Promise<Store> {
  const store = await openLmdb({ folder: t.testdir() })
  t.teardown(() => store.close())
  return store
}

/** Over plain SMTP on this machine. */
export function smtpSenders(t: Test, { port }: Pick<MailServer, 'port'>): ReadonlyMap<Channel, AlarmSender> {
  const sender = openSmtpSender(
    {
      host: '127.0.0.1',
      port,
      secure: false,
      auth: { user: 'hanvisa', pass: 'right' },
      requireTls: false,
      from: { name: 'Hanvisa', address: 'alarms@provider.example' }
    },
    { log: { warn: () => {} } }
  )
  t.teardown(() => sender.close())
  return new Map([['email', sender]])
}

export async function addTenant(
  { store, reports }: Pick<AlarmHarness, 'store' | 'reports'>,
  id: string,
  recipients: readonly (Partial<AlarmRecipientRecord> & { readonly id: string })[],
  report: TenantReport = sampleReport()
): Promise<void> {
  await store.saveTenant({ id, name: 'Acme AB', timeZone: 'Europe/Stockholm', language: 'sv' }, MORNING)
  reports.set(id, report)
  await addRecipients(store, id, recipients)
}

/** Confirmed, at `ID@acme.example` unless `to` is given. */
export async function addRecipients(
  store: Store,
  tenant: string | null,
  recipients: readonly (Partial<AlarmRecipientRecord> & { readonly id: string })[]
): Promise<void> {
  const list = recipients.map(
    (one): AlarmRecipientRecord => ({
      channel: 'email',
      format: null,
      secret: null,
      minSeverity: 'warning',
      language: 'sv',
      timeZone: null,
      quiet: null,
      digest: null,
      confirmed: true,
      code: null,
      refused: false,
      lastResult: null,
      ...one,
      to: masterSeal.seal(one.to ?? `${one.id}@acme.example`, alarmPurpose(tenant, one.id, 'to'))
    })
  )
  await store.alarms.lists.save(tenant, { ...emptyAlarmList, version: 1, recipients: list })
}
