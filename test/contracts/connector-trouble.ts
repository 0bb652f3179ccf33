/** What every connector must make of trouble: the right calendars fail, with the right code, in time, and reveal nothing. */
import type { Test } from 'tap'
import { hangSignal } from '../support/until.ts'
import {
  type CalendarServer,
  failure,
  meeting,
  readFrom,
  subjectsOf,
  zone
} from './connector-calendar-server.ts'

/** A subject that no error may hold. */
const secret = 'Uppsägning av Kalle'

export const troubleCases = {
  'an unknown mailbox fails alone, and there is a Reading for each target in order': async (
    t: Test,
    server: CalendarServer
  ) => {
    const here = await server.put('known', zone, [meeting('here')])
    const there = await server.put('other', zone, [meeting('there')])
    const mailboxes = [server.missing('nobody'), here, server.missing('no one'), there, here]
    const readings = await readFrom(server, mailboxes)
    t.same(readings.map(subjectsOf), ['mailbox_unknown', ['here'], 'mailbox_unknown', ['there'], ['here']])
    const [first] = readings
    t.match(first, { error: { scope: 'mailbox' } })
    if (first?.outcome === 'failed') t.match(first.error.hint, /\S{3,}/, 'with a hint')
  },

  'a calendar server that hangs ends with the signal': async (t: Test, server: CalendarServer) => {
    const mailbox = await server.put('hanging', zone, [meeting(secret)])
    const stop = await server.trouble('hangs', 'hanging')
    const [reading] = await readFrom(server, [mailbox], { signal: AbortSignal.timeout(400) })
    stop()
    t.equal(failure(t, reading).code, 'unreachable')
    t.same(subjectsOf((await readFrom(server, [mailbox]))[0]), [secret], 'and is read again when it answers')
    const gone = new AbortController()
    gone.abort()
    failure(t, (await readFrom(server, [mailbox], { signal: gone.signal }))[0])
  },

  'one calendar that hangs does not keep the others from being read for long': async (
    t: Test,
    server: CalendarServer
  ) => {
    const slow = await server.put('slow', zone, [meeting('slow')])
    const well = await server.put('well', zone, [meeting('well')])
    const stop = await server.trouble('hangs', 'slow')
    let found: (string | readonly string[])[] = []
    // The first may fail for both; how long an answer takes on this machine is not what is tested.
    for (const deadline of [400, 800, 3000, 9000]) {
      const readings = await readFrom(server, [slow, well], { signal: AbortSignal.timeout(deadline) })
      found = readings.map(subjectsOf)
      if (found[1] !== 'unreachable') break
    }
    stop()
    t.same(found, ['unreachable', ['well']])
  },

  'garbage is a protocol error, a reply that breaks off is unreachable': async (
    t: Test,
    server: CalendarServer
  ) => {
    const mailbox = await server.put('corrupted', zone, [meeting(secret)])
    for (const [kind, codes] of [
      ['garbage', ['protocol_error']],
      ['cut off', ['unreachable', 'protocol_error']]
    ] as const) {
      const stop = await server.trouble(kind, 'corrupted')
      const [reading] = await readFrom(server, [mailbox])
      stop()
      const error = failure(t, reading)
      t.ok((codes as readonly string[]).includes(error.code), `${kind}: ${error.code}`)
      t.notMatch(
        `${error.message} ${error.hint} ${error.stack} ${error.cause}`,
        /Kalle|Upps/,
        'with nothing of the calendar'
      )
    }
    t.same(subjectsOf((await readFrom(server, [mailbox]))[0]), [secret])
  },

  '"test connection" goes step by step and stops where it fails': async (t: Test, server: CalendarServer) => {
    const mailbox = await server.put('tested', zone, [meeting('x')])
    const checks = await server.connector.check({ mailbox, timeZone: zone }, hangSignal())
    t.ok(checks.length > 0 && checks.every(({ ok }) => ok), JSON.stringify(checks))
    const wrong = { mailbox: server.missing('nobody'), timeZone: zone }
    const stopped = await server.connector.check(wrong, hangSignal())
    t.same(
      stopped.map(({ ok }) => ok),
      [...stopped.slice(1).map(() => true), false]
    )
    t.match(stopped.at(-1), { code: 'mailbox_unknown', hint: /\S{3,}/ })
  }
} as const
