/**
 * `npm run bench`: prints the figures of the performance budget, each beside its baseline of the same run. With names
 * (`npm run bench -- edits million`) only those parts.
 */

import { benchEdits } from './edits.ts'
import { benchEwsHour } from './ews-hour.ts'
import { benchEwsMailboxes } from './ews-mailboxes.ts'
import { benchEwsReply } from './ews-reply.ts'
import { type EwsSimulator, startEwsSimulator } from './ews-simulator.ts'
import { benchGraphReply } from './graph-reply.ts'
import { benchHttp } from './http.ts'
import { benchIdleDay } from './idle-day.ts'
import { benchIdleTenants } from './idle-tenants.ts'
import { benchMemory } from './memory.ts'
import { benchMillion } from './million.ts'
import { printRow } from './paired-runs.ts'
import { benchSubjects } from './subjects.ts'
import { benchTransitions } from './transitions.ts'
import { benchWorkers } from './workers.ts'

const parts: Readonly<Record<string, () => Promise<void>>> = {
  subjects: benchSubjects,
  'graph-reply': benchGraphReply,
  'ews-reply': benchEwsReply,
  'ews-mailboxes': () => overEws(benchEwsMailboxes),
  'ews-hour': () => overEws(benchEwsHour),
  http: benchHttp,
  borders: benchTransitions,
  memory: benchMemory,
  'idle-day': benchIdleDay,
  edits: benchEdits,
  workers: benchWorkers,
  keeping: benchIdleTenants,
  million: benchMillion
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}.\n`)
  process.exit(2)
}
printRow('what', 'ours', 'baseline', 'ratio (least–most)', 'goal')
for (const [name, bench] of Object.entries(parts)) {
  if (names.length === 0 || names.includes(name)) await bench()
}

async function overEws(bench: (simulator: EwsSimulator) => Promise<void>): Promise<void> {
  const simulator = await startEwsSimulator()
  try {
    await bench(simulator)
  } finally {
    await simulator.stop()
  }
}
