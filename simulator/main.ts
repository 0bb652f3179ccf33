/** The simulator as a program: `node dist/simulator/main.js --port 0 --folder DIR` prints one line of JSON, and serves. */
import { parseArgs } from 'node:util'
import closeWithGrace from 'close-with-grace'
import { startSimulator } from './simulator.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    folder: { type: 'string', default: 'data/simulator' }
  }
})
const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(`--port must be a number from 0 to 65535, not "${values.port}"\n`)
  process.exit(2)
}
const simulator = await startSimulator({ port, folder: values.folder })
const { origin, loginRoot, graphRoot, ewsUrl, caFile } = simulator
process.stdout.write(
  `${JSON.stringify({ origin, loginRoot, graphRoot, ewsUrl, control: `${origin}/control`, caFile })}\n`
)
closeWithGrace(async () => simulator.close())
