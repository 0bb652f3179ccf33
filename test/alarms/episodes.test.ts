/** When alarms are raised and over: the conditions, one after the other, on a clock that is moved by hand. */

import { updateEpisodes } from '../../src/alarms/episodes.ts'
import { readProviderSignals, readSignals, type SignalSources } from '../../src/alarms/signals.ts'
import type { AlarmStateRecord } from '../../src/storage/alarms.ts'
import t from '../group/tap.ts'
import { HOUR, MINUTE } from '../support/tenant-fixture.ts'
import { DAY, failingReport, sampleReport } from './tenant-reports.ts'

type Sources = Partial<Omit<SignalSources, 'now'>>

/** A tenant whose signals are read every minute; `at` gives them. Gives what was raised, what came nearer and what was over. */
function simulate(minutes: number, at: (now: number) => Sources, restartEveryMs = Number.POSITIVE_INFINITY) {
  let state: Pick<AlarmStateRecord, 'episodes' | 'lastEpisode'> = { episodes: [], lastEpisode: 0 }
  const happened: string[] = []
  for (let minute = 0; minute <= minutes; minute++) {
    const now = minute * MINUTE
    const sources: SignalSources = {
      report: sampleReport(),
      keyEnds: [],
      consumers: [],
      share: 0.2,
      ...at(now),
      now
    }
    const before = state
    state = updateEpisodes(state, readSignals(sources), { pollMs: MINUTE, minutes: 30, now })
    if (now % restartEveryMs === 0) state = JSON.parse(JSON.stringify(state))
    for (const one of state.episodes) {
      const known = before.episodes.find(({ episode }) => episode === one.episode)
      if (one.raisedAt === now) happened.push(`${minute} raised ${one.cause} ${one.severity}`)
      else if (known?.raisedAt != null && one.level > known.level)
        happened.push(`${minute} level ${one.level} ${one.cause} ${one.severity}`)
    }
    for (const one of before.episodes) {
      if (one.raisedAt !== null && !state.episodes.some(({ episode }) => episode === one.episode))
        happened.push(`${minute} over ${one.cause}`)
    }
  }
  return { happened, episodes: state.episodes }
}

t.test(
  'a connection that cannot be reached for a quarter of an hour is raised, and over after one',
  async (t) => {
    const { happened } = simulate(120, (now) =>
      now >= 10 * MINUTE && now < 60 * MINUTE
        ? { report: failingReport('unreachable', 10 * MINUTE, now) }
        : {}
    )
    t.strictSame(happened, ['25 raised unreachable critical', '75 over unreachable'])
  }
)

t.test('a slow poll makes it wait for five of them', async (t) => {
  const report = { ...failingReport('throttled', 0, 0), pollMs: 10 * MINUTE }
  let state: Pick<AlarmStateRecord, 'episodes' | 'lastEpisode'> = { episodes: [], lastEpisode: 0 }
  const raisedAt: number[] = []
  for (let now = 0; now <= HOUR; now += MINUTE) {
    const signals = readSignals({ report, keyEnds: [], consumers: [], share: 0.2, now })
    state = updateEpisodes(state, signals, { pollMs: report.pollMs, minutes: 30, now })
    if (state.episodes[0]?.raisedAt === now) raisedAt.push(now)
  }
  t.strictSame(raisedAt, [50 * MINUTE])
})

t.test('what fails for some minutes now and then is never raised', async (t) => {
  const { happened } = simulate(600, (now) =>
    now % (30 * MINUTE) < 10 * MINUTE
      ? { report: failingReport('unreachable', now - (now % (30 * MINUTE)), now) }
      : {}
  )
  t.strictSame(happened, [])
})

t.test(
  'a connection that comes and goes for an hour is raised once and over once, restarts or not',
  async (t) => {
    const flapping = (now: number): Sources =>
      now < HOUR && Math.floor(now / (3 * MINUTE)) % 2 === 0
        ? { report: failingReport('unreachable', now - (now % (3 * MINUTE)), now) }
        : {}
    const expected = ['18 raised unreachable critical', '72 over unreachable']
    t.strictSame(simulate(120, flapping).happened, expected)
    t.strictSame(simulate(120, flapping, 7 * MINUTE).happened, expected)
  }
)

t.test('while nothing was read yet after a restart, an alarm stays as it is', async (t) => {
  const untried = sampleReport({ connection: { state: 'untried', since: 0, code: null, failedAt: null } })
  const { happened, episodes } = simulate(200, (now) => ({
    report: now < 20 * MINUTE ? failingReport('unreachable', 0, now) : untried
  }))
  t.strictSame(happened, ['15 raised unreachable critical'])
  t.match(episodes, [{ cause: 'unreachable', state: 'firing' }])
})

t.test('a connection that fails for one reason after the other is one alarm', async (t) => {
  const { happened, episodes } = simulate(60, (now) => ({
    report: failingReport(now < 20 * MINUTE ? 'unreachable' : 'protocol_error', 0, now)
  }))
  t.strictSame(happened, ['15 raised unreachable critical'])
  t.match(episodes, [{ cause: 'unreachable', code: 'protocol_error' }])
})

t.test('a refused secret is raised once it was refused a second time, five minutes later', async (t) => {
  const { happened } = simulate(40, (now) => ({
    report: failingReport('secret_invalid', 0, now < 15 * MINUTE ? 0 : 15 * MINUTE)
  }))
  t.strictSame(happened, ['15 raised secret_invalid critical'])
  const once = simulate(40, (now) =>
    now < 15 * MINUTE ? { report: failingReport('secret_invalid', 0, 0) } : {}
  )
  t.strictSame(once.happened, [], 'refused once is not enough')
})

t.test('the end of a credential is told at 30, 14, 7 and 1 days, and critical on the last', async (t) => {
  const endsAt = 40 * DAY
  let state: Pick<AlarmStateRecord, 'episodes' | 'lastEpisode'> = { episodes: [], lastEpisode: 0 }
  const told: string[] = []
  for (let now = 0; now <= 45 * DAY; now += HOUR) {
    const report = sampleReport({ credentialEndsAt: now < 43 * DAY ? endsAt : endsAt + 365 * DAY })
    const signals = readSignals({ report, keyEnds: [], consumers: [], share: 0.2, now })
    const before = state.episodes[0]
    state = updateEpisodes(state, signals, { pollMs: MINUTE, minutes: 30, now })
    const one = state.episodes[0]
    if (one?.levelAt === now) told.push(`${(endsAt - now) / DAY} days: ${one.severity}`)
    if (one === undefined && before !== undefined) told.push(`over on day ${now / DAY}`)
  }
  t.strictSame(told, [
    '30 days: warning',
    '14 days: warning',
    '7 days: warning',
    '1 days: critical',
    'over on day 43'
  ])
})

t.test(
  'stale calendars are raised from a fifth on, for half an hour, and over below a twentieth',
  async (t) => {
    const shareAt = (now: number) => {
      if (now < 40 * MINUTE) return 10
      // Between the two nothing changes.
      if (now < 80 * MINUTE) return 4
      return 1
    }
    const { happened, episodes } = simulate(90, (now) => ({
      report: sampleReport({ staleUsers: shareAt(now) })
    }))
    t.strictSame(happened, ['30 raised stale critical'])
    t.match(episodes, [{ state: 'clearing', since: 80 * MINUTE }])
    t.strictSame(
      simulate(100, (now) => ({ report: sampleReport({ staleUsers: shareAt(now) }) })).happened.at(-1),
      '95 over stale'
    )
    const few = simulate(90, () => ({ report: sampleReport({ users: 8, staleUsers: 4 }) }))
    t.strictSame(few.happened, [], 'four calendars are for the digest')
    const failing = simulate(90, () => ({
      report: { ...failingReport('unreachable', 0, 0), staleUsers: 40 }
    }))
    t.strictSame(failing.happened, ['15 raised unreachable critical'], 'not beside the connection that fails')
  }
)

t.test(
  'the provider is warned of its application at 30, 14, 7 and 1 days, and of no other credential',
  async (t) => {
    const levels = [31, 30, 14, 7, 1, -1].map((days) => {
      const endsAt = days * DAY
      const signals = readProviderSignals({ keyEnds: [], applicationEndsAt: endsAt }, 0)
      return signals.flatMap(({ cause, isMet, level }) => (isMet ? [`${cause} ${level}`] : []))
    })
    t.strictSame(
      levels.flat(),
      [1, 2, 3, 4, 4].map((level) => `application_expires ${level}`)
    )
    const none = readProviderSignals({ keyEnds: [], applicationEndsAt: null }, 0)
    t.ok(none.every(({ isMet }) => !isMet))
  }
)

t.test('mailboxes, subscriptions, keys and consumers', async (t) => {
  const mailboxes = simulate(5, () => ({
    report: sampleReport({ unreadableUsers: new Map([['mailbox_unknown', 2]]) })
  }))
  t.match(mailboxes.episodes, [{ cause: 'mailbox_unknown', state: 'firing', users: 2, severity: 'warning' }])
  const inactive = simulate(60, () => ({
    report: sampleReport({ subscriptions: { active: 3, inactive: 5 } })
  }))
  t.strictSame(inactive.happened, ['30 raised subscriptions_inactive warning'])
  const some = simulate(60, () => ({ report: sampleReport({ subscriptions: { active: 30, inactive: 5 } }) }))
  t.strictSame(some.happened, [])
  const keys = simulate(60, () => ({ keyEnds: [-DAY, 10 * DAY, 400 * DAY] }))
  t.match(keys.episodes, [{ cause: 'key_expires', level: 1, users: 1, endsAt: 10 * DAY }])
  t.strictSame(simulate(60, () => ({ keyEnds: [-DAY, 400 * DAY] })).happened, [])
  const consumers = simulate(120, () => ({
    consumers: [
      { state: 'active', since: 0 },
      { state: 'failing', since: 0 }
    ]
  }))
  t.strictSame(consumers.happened, ['60 raised consumer_refused warning'])
})
