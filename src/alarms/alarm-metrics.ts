/** What alarms have counted. */

import type { Severity } from './causes.ts'
import type { SendCode } from './senders/alarm-sender.ts'

export interface AlarmMetrics {
  /** `givenUp`: after the last retry. */
  countAlarmMessage(channel: string, outcome: SendCode | 'givenUp'): void
  /** `source` is asked at each scrape: alarms that are raised in tenants of this process, by severity. */
  observeAlarms(source: () => ReadonlyMap<Severity, number>): void
}
