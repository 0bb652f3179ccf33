/** One part of the bench, by its name: `bench.ts` runs it as a process group of its own. */
import { endWithRunner } from '../tools/process-group.ts'
import { parts } from './parts.ts'

endWithRunner()
const [name = ''] = process.argv.slice(2)
const bench = parts[name]
if (bench === undefined) throw new Error(`there is no part ${name}`)
await bench()
