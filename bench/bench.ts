/** `npm run bench`: prints the figures of the performance budget, each beside its baseline of the same run. */
import { benchBorders } from './borders.ts'
import { benchGraphReply } from './graph-reply.ts'
import { benchHttp } from './http.ts'
import { benchMemory } from './memory.ts'
import { row } from './rounds.ts'
import { benchSubjects } from './subjects.ts'

row('what', 'ours', 'baseline', 'ratio (least–most)', 'goal')
await benchSubjects()
await benchGraphReply()
await benchHttp()
await benchBorders()
await benchMemory()
