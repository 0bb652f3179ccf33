/** Whose answers say that the two clocks are apart, and what an operator reads. */

import { ClockMonitor } from '../../../src/connectors/net/clock-monitor.ts'
import t from '../../group/tap.ts'

const now = Date.parse('2026-11-18T12:00:00Z')
const minute = 60_000
const dated = (instant: number, more: Record<string, string> = {}) =>
  new Headers({ date: new Date(instant).toUTCString(), ...more })

t.test(
  'more than five minutes apart is wrong, either way, until an answer of that host is right',
  async (t) => {
    const monitor = new ClockMonitor(() => now)
    const rows = [
      [-40 * minute, /40 minutes ahead of that of graph\.example: .*NTP/],
      [40 * minute, /40 minutes behind that of graph\.example/],
      [26 * 60 * minute, /26 hours behind/],
      [5 * minute, null],
      [-5 * minute, null]
    ] as const
    for (const [apart, hint] of rows) {
      monitor.observe('graph.example', dated(now + apart))
      if (hint === null) t.equal(monitor.errorOf(), null, `${apart}`)
      else t.match(monitor.errorOf(), { code: 'clock_wrong', scope: 'connection', hint })
    }
    monitor.observe('a.example', dated(now - 40 * minute))
    monitor.observe('b.example', dated(now))
    t.match(monitor.errorOf('a.example'), { code: 'clock_wrong' }, 'another host vouches for itself alone')
    t.equal(monitor.errorOf('b.example'), null)
  }
)

t.test('no date, no readable date, and an old answer out of a cache say nothing of a clock', async (t) => {
  const monitor = new ClockMonitor(() => now)
  monitor.observe('x', new Headers())
  monitor.observe('x', new Headers({ date: 'yesterday' }))
  monitor.observe('x', dated(now - 3_600_000, { age: '3600' }))
  t.equal(monitor.errorOf(), null)
})
