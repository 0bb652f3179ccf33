/** What every connector must make of trouble: the right calendars fail, with the right code, in time, and tell nothing. */
import type { Test } from 'tap'
import { hangSignal } from '../support/until.ts'
import { type FarSide, failure, meeting, readFrom, subjectsOf, zone } from './connector-far-side.ts'

/** A subject that no error may hold. */
const secret = 'Uppsägning av Kalle'

export const troubleCases = {
  'an unknown mailbox fails alone, and there is a Reading for each target in order': async (
    t: Test,
    far: FarSide
  ) => {
    const here = await far.put('known', zone, [meeting('here')])
    const there = await far.put('other', zone, [meeting('there')])
    const mailboxes = [far.missing('nobody'), here, far.missing('no one'), there, here]
    const readings = await readFrom(far, mailboxes)
    t.same(readings.map(subjectsOf), ['mailbox_unknown', ['here'], 'mailbox_unknown', ['there'], ['here']])
    const [first] = readings
    t.match(first, { error: { scope: 'mailbox' } })
    if (first?.outcome === 'failed') t.match(first.error.hint, /\S{3,}/, 'with a hint')
  },

  'a far side that hangs ends with the signal': async (t: Test, far: FarSide) => {
    const mailbox = await far.put('hanging', zone, [meeting(secret)])
    const stop = await far.trouble('hangs', 'hanging')
    const [reading] = await readFrom(far, [mailbox], { signal: AbortSignal.timeout(400) })
    stop()
    t.equal(failure(t, reading).code, 'unreachable')
    t.same(subjectsOf((await readFrom(far, [mailbox]))[0]), [secret], 'and is read again when it answers')
    const gone = new AbortController()
    gone.abort()
    failure(t, (await readFrom(far, [mailbox], { signal: gone.signal }))[0])
  },

  'one calendar that hangs does not keep the others from being read for long': async (
    t: Test,
    far: FarSide
  ) => {
    const slow = await far.put('slow', zone, [meeting('slow')])
    const well = await far.put('well', zone, [meeting('well')])
    const stop = await far.trouble('hangs', 'slow')
    let found: (string | readonly string[])[] = []
    // The first may fail for both; how long an answer takes on this machine is not what is tested.
    for (const deadline of [400, 800, 3000, 9000]) {
      const readings = await readFrom(far, [slow, well], { signal: AbortSignal.timeout(deadline) })
      found = readings.map(subjectsOf)
      if (found[1] !== 'unreachable') break
    }
    stop()
    t.same(found, ['unreachable', ['well']])
  },

  'garbage is a protocol error, a reply that breaks off is unreachable': async (t: Test, far: FarSide) => {
    const mailbox = await far.put('spoilt', zone, [meeting(secret)])
    for (const [kind, codes] of [
      ['garbage', ['protocol_error']],
      ['cut off', ['unreachable', 'protocol_error']]
    ] as const) {
      const stop = await far.trouble(kind, 'spoilt')
      const [reading] = await readFrom(far, [mailbox])
      stop()
      const error = failure(t, reading)
      t.ok((codes as readonly string[]).includes(error.code), `${kind}: ${error.code}`)
      t.notMatch(
        `${error.message} ${error.hint} ${error.stack} ${error.cause}`,
        /Kalle|Upps/,
        'with nothing of the calendar'
      )
    }
    t.same(subjectsOf((await readFrom(far, [mailbox]))[0]), [secret])
  },

  '"test connection" goes step by step and stops where it fails': async (t: Test, far: FarSide) => {
    const mailbox = await far.put('tested', zone, [meeting('x')])
    const checks = await far.connector.check({ mailbox, timeZone: zone }, hangSignal())
    t.ok(checks.length > 0 && checks.every(({ ok }) => ok), JSON.stringify(checks))
    const wrong = { mailbox: far.missing('nobody'), timeZone: zone }
    const stopped = await far.connector.check(wrong, hangSignal())
    t.same(
      stopped.map(({ ok }) => ok),
      [...stopped.slice(1).map(() => true), false]
    )
    t.match(stopped.at(-1), { code: 'mailbox_unknown', hint: /\S{3,}/ })
  }
} as const
