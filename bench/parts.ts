/** The parts of the bench by their names, in the order in which `npm run bench` runs them. */
import { benchApiKeys } from './api-keys.ts'
import { benchCaldavHour } from './caldav-hour.ts'
import { benchCallerNames } from './caller-names.ts'
import { benchConsumerOutage } from './consumer-outage.ts'
import { benchEdits } from './edits.ts'
import { benchEventStreams } from './event-streams.ts'
import { benchEwsHour } from './ews-hour.ts'
import { benchEwsMailboxes } from './ews-mailboxes.ts'
import { benchEwsReply } from './ews-reply.ts'
import { type EwsSimulator, startEwsSimulator } from './ews-simulator.ts'
import { benchGraphReply } from './graph-reply.ts'
import { benchHttp, benchHttpMasked } from './http.ts'
import { benchIdleDay } from './idle-day.ts'
import { benchIdleTenants } from './idle-tenants.ts'
import { benchLargeTenant } from './large-tenant.ts'
import { benchMemory } from './memory.ts'
import { benchMillion } from './million.ts'
import { benchOfficeHours } from './office-hours.ts'
import { benchReadsUnderLoad } from './reads-under-load.ts'
import { benchStallsOnLmdb, benchStallsOnRedis } from './stalls.ts'
import { benchSubjects } from './subjects.ts'
import { benchTransitions } from './transitions.ts'
import { benchWorkers } from './workers.ts'

export const parts: Readonly<Record<string, () => Promise<void>>> = {
  subjects: benchSubjects,
  'graph-reply': benchGraphReply,
  'ews-reply': benchEwsReply,
  'ews-mailboxes': () => overEws(benchEwsMailboxes),
  'ews-hour': () => overEws(benchEwsHour),
  'caldav-hour': benchCaldavHour,
  http: benchHttp,
  'http-masked': benchHttpMasked,
  'reads-under-load': benchReadsUnderLoad,
  'office-hours': benchOfficeHours,
  transitions: benchTransitions,
  'large-tenant': benchLargeTenant,
  'stalls-lmdb': benchStallsOnLmdb,
  'stalls-redis': benchStallsOnRedis,
  memory: benchMemory,
  'api-keys': benchApiKeys,
  'caller-names': benchCallerNames,
  'idle-day': benchIdleDay,
  'event-streams': benchEventStreams,
  'consumer-outage': benchConsumerOutage,
  edits: benchEdits,
  workers: benchWorkers,
  'idle-tenants': benchIdleTenants,
  million: benchMillion
}

async function overEws(bench: (simulator: EwsSimulator) => Promise<void>): Promise<void> {
  const simulator = await startEwsSimulator()
  try {
    await bench(simulator)
  } finally {
    await simulator.stop()
  }
}
