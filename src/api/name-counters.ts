/** How many callers were known, and by what. Of numbers and tenants it counts nothing. */
import { Counter, type Registry } from 'prom-client'
import type { NameSource } from '../caller-names/caller-names.ts'

export interface NameMetrics {
  countNameLookup(outcome: NameSource | 'unknown' | 'unreadable'): void
}

export function createNameCounters(registers: Registry[]): NameMetrics {
  const lookups = new Counter({
    name: 'hanvisa_name_lookups_total',
    help: 'Callers that were looked up, by what knew them (personal, shared, user), or unknown, or unreadable',
    labelNames: ['outcome'],
    registers
  })
  return { countNameLookup: (outcome) => lookups.inc({ outcome }) }
}
