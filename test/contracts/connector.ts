/** What every connector must do, whatever its protocol: one suite, run over a real calendar server. */
import type { Test } from 'tap'
import type { CalendarServer } from './connector-calendar-server.ts'
import { eventCases } from './connector-events.ts'
import { troubleCases } from './connector-trouble.ts'

const cases = { ...eventCases, ...troubleCases }

export type ContractCase = keyof typeof cases

/** `gaps`: what the protocol cannot say. Such a case is skipped and its reason printed. */
export async function connectorContract(
  t: Test,
  server: CalendarServer,
  gaps: Partial<Record<ContractCase, string>> = {}
): Promise<void> {
  for (const [name, run] of Object.entries(cases)) {
    const reason = gaps[name as ContractCase]
    await t.test(name, reason === undefined ? {} : { skip: reason }, (t) => run(t, server))
  }
}
