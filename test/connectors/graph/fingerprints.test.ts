/** Fingerprints: a lost notification is found by them, so every edit that rules can see changes one, for few requests. */
import t from '../../group/tap.ts'
import { hangSignal } from '../../support/until.ts'
import { clientId, directory, graphMeeting, graphWeek, openMicrosoft365 } from './microsoft365.ts'

const people = Array.from({ length: 20 }, (_, index) => `p${index}@example.se`)

t.test(
  'where subjects decide, an edit of the subject alone shows, and twenty calendars are one request',
  async (t) => {
    const cloud = await openMicrosoft365(t)
    for (const mailbox of people)
      cloud.put(mailbox, { ...graphMeeting('a'), id: 'one' }, { ...graphMeeting('b'), id: 'two' })
    const fingerprints = () =>
      cloud.connector().fingerprints({
        targets: people.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' })),
        window: graphWeek,
        subjects: true,
        signal: hangSignal()
      })
    const before = await fingerprints()
    t.ok(before.every((each) => /^[\w-]{22}$/.test(each ?? '')))
    t.equal(cloud.simulator.requests.count({ route: 'batch' }), 1)
    const [view] = cloud.simulator.requests.list({ route: 'calendarView' })
    t.match(view?.url, /\$select=id,changeKey&/, 'no subject is asked for')
    t.same(await fingerprints(), before)
    cloud.simulator.mailboxes.putEvent(directory, 'p3@example.se', { ...graphMeeting('LUN'), id: 'one' })
    cloud.simulator.mailboxes.deleteEvent(directory, 'p4@example.se', 'two')
    const after = await fingerprints()
    t.same(
      after.flatMap((each, index) => (each === before[index] ? [] : [index])),
      [3, 4]
    )
  }
)

t.test('where availability alone is granted, its digest is compared, twenty for one call', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const mailbox of people) cloud.put(mailbox, graphMeeting('a'), graphMeeting('b', { showAs: 'oof' }))
  cloud.simulator.faults.add({ kind: 'status', status: 403, route: 'calendarView' })
  for (const subjects of [true, false]) {
    const fingerprints = () =>
      cloud.connector().fingerprints({
        targets: [...people.slice(1), 'nobody@example.se', clientId].map((mailbox) => ({
          mailbox,
          timeZone: 'UTC'
        })),
        window: graphWeek,
        subjects,
        signal: hangSignal()
      })
    cloud.simulator.requests.clear()
    const before = await fingerprints()
    t.equal(cloud.simulator.requests.count({ route: 'getSchedule' }), 1)
    t.ok(before.slice(0, 19).every((each) => /^[\w-]{22}$/.test(each ?? '')))
    t.same(before.slice(19), [null, null], 'unknown to getSchedule, or no address')
    cloud.put('p3@example.se', graphMeeting('b', { showAs: 'oof' }), graphMeeting('another subject'))
    t.same(await fingerprints(), before, 'in whatever order; subjects do not count')
    cloud.put('p3@example.se', graphMeeting('a'), graphMeeting('b', { showAs: 'tentative' }))
    const after = await fingerprints()
    t.same(
      after.flatMap((each, index) => (each === before[index] ? [] : [index])),
      [2]
    )
    cloud.put('p3@example.se', graphMeeting('a'), graphMeeting('b', { showAs: 'oof' }))
  }
})

t.test('no answer, no change keys, and nobody who waits: no fingerprint, and no rejection', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('a'))
  const targets = [{ mailbox: 'anna@example.se', timeZone: 'UTC' }]
  const request = { targets, window: graphWeek, subjects: true }
  const gone = AbortSignal.abort()
  t.same(await cloud.connector().fingerprints({ ...request, signal: gone }), [null])
  cloud.simulator.faults.add({ kind: 'garbage', garbage: 'wrongTypes', route: 'calendarView' })
  t.same(await cloud.connector().fingerprints({ ...request, signal: hangSignal() }), [null])
})
