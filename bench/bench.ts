/** `npm run bench`: prints the figures of the performance budget, each beside its baseline of the same run. */
import { benchBorders } from './borders.ts'
import { benchEwsHour } from './ews-hour.ts'
import { benchEwsMailboxes } from './ews-mailboxes.ts'
import { benchEwsReply } from './ews-reply.ts'
import { startEwsSimulator } from './ews-simulator.ts'
import { benchGraphReply } from './graph-reply.ts'
import { benchHttp } from './http.ts'
import { benchMemory } from './memory.ts'
import { row } from './rounds.ts'
import { benchSubjects } from './subjects.ts'

row('what', 'ours', 'baseline', 'ratio (least–most)', 'goal')
await benchSubjects()
await benchGraphReply()
await benchEwsReply()
const simulator = await startEwsSimulator()
try {
  await benchEwsMailboxes(simulator)
  await benchEwsHour(simulator)
} finally {
  await simulator.stop()
}
await benchHttp()
await benchBorders()
await benchMemory()
