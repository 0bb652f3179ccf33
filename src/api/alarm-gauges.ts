/** Figures of alarms for `/metrics`. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { AlarmMetrics } from '../alarms/alarm-metrics.ts'

export function createAlarmMetrics(registers: Registry[]): AlarmMetrics {
  const messages = new Counter({
    name: 'hanvisa_alarm_messages_total',
    help: 'Messages of alarms, by channel (email, sms, webhook) and outcome (sent, temporary, uncertain, auth_failed, refused, recipient_refused, not_configured; givenUp after the last retry)',
    labelNames: ['channel', 'outcome'],
    registers
  })
  let raised: Parameters<AlarmMetrics['observeAlarms']>[0] = () => new Map()
  new Gauge({
    name: 'hanvisa_alarms',
    help: 'Alarms that are raised in the tenants of this process, by severity',
    labelNames: ['severity'],
    registers,
    collect() {
      this.reset()
      for (const [severity, count] of raised()) this.set({ severity }, count)
    }
  })
  return {
    countAlarmMessage: (channel, outcome) => messages.inc({ channel, outcome }),
    observeAlarms: (source) => {
      raised = source
    }
  }
}
