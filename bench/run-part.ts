/** One part of the bench, by its name: `bench.ts` runs it as a process group of its own. */
import { restoreStringMethods } from '../src/lib/string-prototype.ts'
import { endWithRunner } from '../tools/process-group.ts'
import { parts } from './parts.ts'

endWithRunner()
const [name = ''] = process.argv.slice(2)
const bench = parts[name]
if (bench === undefined) throw new Error(`there is no part ${name}`)
// As the service does: ioredis is loaded by other parts, and would slow both sides of a comparison.
restoreStringMethods()
await bench()
