/** Alarms put together: the senders that the settings name, the recipients, and in a process that reads calendars the runner. */

import type { AlarmMetrics } from './alarms/alarm-metrics.ts'
import { type AlarmFollower, AlarmRunner } from './alarms/alarm-runner.ts'
import { type AlarmView, createAlarmView } from './alarms/alarm-settings.ts'
import { createAlertmanagerFollower } from './alarms/alertmanager.ts'
import { StoredConsumerStates } from './alarms/consumer-states.ts'
import { createHeartbeat } from './alarms/heartbeat.ts'
import { type RecipientManagement, Recipients } from './alarms/recipients.ts'
import type { AlarmSender, Channel } from './alarms/senders/alarm-sender.ts'
import { openSmsSender } from './alarms/senders/sms.ts'
import { openSmtpSender } from './alarms/senders/smtp.ts'
import { openWebhookSender } from './alarms/senders/webhook.ts'
import type { Config } from './config.ts'
import { type AddressPolicy, withoutBrackets } from './connectors/net/address-policy.ts'
import type { HttpClient } from './connectors/net/http-client.ts'
import type { Instant } from './domain/calendar-event.ts'
import type { Log } from './lib/redact-error.ts'
import { machineTimers } from './lib/timers.ts'
import { deriveKey } from './storage/secrets/derive-key.ts'
import type { MasterKeys } from './storage/secrets/master-keys.ts'
import type { Store } from './storage/store.ts'
import type { TenantReports } from './sync/tenant-report.ts'

export interface AlarmServiceDeps {
  readonly store: Store
  /** For addresses that tenants enter. */
  readonly outbound: HttpClient
  /** For addresses that the settings name, wherever they lead. */
  readonly ownHttp: HttpClient
  readonly addressPolicy: AddressPolicy
  readonly masterKeys: MasterKeys
  /** Null: this process reads no calendars, and runs no alarms. */
  readonly reports: TenantReports | null
  readonly keyEnds: () => ReadonlyMap<string | null, readonly Instant[]>
  readonly metrics: AlarmMetrics
  readonly clock: () => Instant
  readonly log: Log
}

export interface AlarmService {
  readonly alarmRecipients: RecipientManagement
  readonly alarmView: AlarmView
  close(): Promise<void>
}

export function openAlarmService(config: Config, deps: AlarmServiceDeps): AlarmService {
  const { store, masterKeys, addressPolicy, clock, log, metrics } = deps
  const senders = openSenders(config, deps)
  const shared = { store, senders, publicUrl: config.publicUrl, clock, metrics, log }
  const runner =
    deps.reports === null
      ? null
      : new AlarmRunner({
          ...shared,
          unsealer: masterKeys,
          reports: deps.reports,
          keyEnds: deps.keyEnds,
          applicationEndsAt: config.providerApplication?.endsAt ?? null,
          consumers: new StoredConsumerStates({ store, clock }),
          followers: createFollowers(config, deps),
          timers: machineTimers
        })
  return {
    alarmRecipients: new Recipients({
      ...shared,
      keys: masterKeys,
      codeKey: deriveKey(masterKeys.installationSecret, 'hanvisa alarm codes'),
      urlRefusal: (url) => refusalOf(url, addressPolicy)
    }),
    alarmView: createAlarmView({ store, clock }),
    async close() {
      await runner?.close()
      await Promise.all([...senders.values()].map((sender) => sender.close()))
    }
  }
}

function openSenders(
  { alarms }: Config,
  { outbound, ownHttp, clock, log }: AlarmServiceDeps
): ReadonlyMap<Channel, AlarmSender> {
  const senders = new Map<Channel, AlarmSender>([['webhook', openWebhookSender(outbound, clock)]])
  if (alarms.smtp !== null) senders.set('email', openSmtpSender(alarms.smtp, { log }))
  if (alarms.sms !== null) senders.set('sms', openSmsSender(alarms.sms, { http: ownHttp, log }))
  return senders
}

function createFollowers(
  { alarms, publicUrl }: Config,
  { ownHttp: http, store, clock, log }: AlarmServiceDeps
): readonly AlarmFollower[] {
  const { alertmanagers: urls, heartbeatUrl } = alarms
  return [
    ...(urls.length > 0 ? [createAlertmanagerFollower({ http, urls, publicUrl, clock, log })] : []),
    ...(heartbeatUrl !== null
      ? [createHeartbeat({ http, url: heartbeatUrl, isStoreReachable: () => store.reachable(), log })]
      : [])
  ]
}

function refusalOf(url: URL, addressPolicy: AddressPolicy): string | null {
  if (url.protocol !== 'https:' && !addressPolicy.allowsHttp) {
    return 'must be an https URL such as https://hooks.acme.example/alarms'
  }
  return addressPolicy.refusalOf(withoutBrackets(url.hostname))?.hint ?? null
}
