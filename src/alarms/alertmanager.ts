/**
 * Pushes raised alarms to Prometheus' Alertmanagers, which have routing, silences and on-call duty. An alert that is not repeated
 * ends there by itself (`resolve_timeout`), so each is repeated with every pass, and posted to every member of a cluster.
 */
import type { HttpClient } from '../connectors/net/http-client.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { floorToSecond } from '../domain/whole-seconds.ts'
import { type Log, redactError } from '../lib/redact-error.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { RaisedAlarmRecord } from '../storage/alarms.ts'
import type { AlarmFollower } from './alarm-runner.ts'
import { endingCauses, isCause } from './causes.ts'
import { textsIn } from './texts/languages.ts'

const timeoutMs = 10_000
/** Alerts in one post. */
const maxAlerts = 500

export interface AlertmanagerDeps {
  readonly http: Pick<HttpClient, 'send'>
  /** Without a slash at their end. */
  readonly urls: readonly string[]
  readonly publicUrl: string | null
  readonly clock: () => Instant
  readonly log: Pick<Log, 'warn'>
}

export function createAlertmanagerFollower({
  http,
  urls,
  publicUrl,
  clock,
  log
}: AlertmanagerDeps): AlarmFollower {
  let before = new Map<string, RaisedAlarmRecord>()

  async function post(alerts: readonly object[]): Promise<void> {
    await Promise.all(
      urls.map(async (url) => {
        try {
          const response = await http.send(`${url}/api/v2/alerts`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(alerts),
            signal: AbortSignal.timeout(timeoutMs)
          })
          for await (const _ of response.body ?? []) break
          if (!response.ok) log.warn({ status: response.status }, 'an Alertmanager refuses alarms')
        } catch (error) {
          log.warn({ ...redactError(error) }, 'an Alertmanager cannot be reached')
        }
      })
    )
  }

  return {
    async onPass({ raised, owns }) {
      const now = clock()
      const present = new Map(raised.map((one) => [`${one.tenant} ${one.cause} ${one.severity}`, one]))
      // Whoever reads a tenant now repeats its alerts.
      const ended = [...before]
        .filter(([name, { tenant }]) => !present.has(name) && owns(tenant))
        .map(([, one]) => toAlert(one, publicUrl, now))
      before = present
      const alerts = [...[...present.values()].map((one) => toAlert(one, publicUrl, null)), ...ended]
      for (let from = 0; from < alerts.length; from += maxAlerts)
        await post(alerts.slice(from, from + maxAlerts))
    }
  }
}

/** With its end the annotations are sent too: Alertmanager shows those of the last post. */
function toAlert(
  { tenant, cause, severity, beganAt, users, of }: RaisedAlarmRecord,
  publicUrl: string | null,
  endsAt: Instant | null
): object {
  const { causes } = textsIn('en')
  const facts = { tenant, what: '', since: '', users, of, days: 0, ends: '' }
  const texts = isCause(cause) ? causes[cause] : null
  return {
    labels: { alertname: 'HanvisaTenantAlarm', cause, severity, tenant },
    annotations: {
      summary: endingCauses.has(cause) ? cause : (texts?.title(facts) ?? cause),
      description: texts?.hint ?? ''
    },
    startsAt: formatInstant(floorToSecond(beganAt)),
    ...(endsAt !== null && { endsAt: formatInstant(floorToSecond(endsAt)) }),
    ...(publicUrl !== null && { generatorURL: `${publicUrl}/v1/tenants/${tenant}/sync` })
  }
}
