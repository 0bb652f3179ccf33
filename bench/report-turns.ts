/**
 * Loaded before the service (`--import`): says how long its longest turn of the event loop kept the processor, each time it receives
 * SIGPWR, and begins anew.
 */
import { openThreadClock } from './longest-turn.ts'

const clock = openThreadClock()
let longestMs = 0
let last = clock.read()

function look(): void {
  const now = clock.read()
  longestMs = Math.max(longestMs, now - last)
  last = now
  setImmediate(look)
}

setImmediate(look)
process.on('SIGPWR', () => {
  process.stdout.write(`longest turn ${longestMs.toFixed(1)} ms\n`)
  longestMs = 0
})
