/** What people do meanwhile: they edit their calendars, and set and remove overrides until the service takes it. */
import { setTimeout as after } from 'node:timers/promises'
import type { Simulator } from '../simulator/simulator.ts'
import { anyMeeting, clockUser, directoryOf, eventOf, mailboxOf, type Place } from './place.ts'
import type { Random } from './random.ts'
import type { Person } from './truth.ts'

export type Faults = Simulator['faults']

export interface Deeds {
  readonly counts: Record<string, number>
  /** What the service answered that it never should. */
  readonly faults: readonly string[]
  /** Resolves when nothing more is done, and the last override was taken. */
  stop(): Promise<void>
}

const overrides = ['sick', 'lunch', 'do-not-disturb', 'vacation'] as const

export function openDeeds(needs: {
  readonly place: Place
  readonly simulator: Simulator
  readonly random: Random
  readonly origin: string
  readonly key: string
}): Deeds {
  const { place, simulator, random, origin, key } = needs
  const editable = place.people.filter(({ user }) => user !== clockUser)
  const counts = { edits: 0, overridesSet: 0, overridesRemoved: 0, triedAgain: 0 }
  const faults: string[] = []
  let stopped = false
  /** Whose override is being changed. */
  const busy = new Set<Person>()
  const running = [editCalendars(), setOverrides(), setOverrides()]

  return {
    counts,
    faults,
    async stop() {
      stopped = true
      await Promise.all(running)
    }
  }

  async function editCalendars(): Promise<void> {
    while (!stopped) {
      await after(random.whole(20, 200))
      const person = random.of(editable)
      const { mailboxes } = simulator
      const id = `event-${random.whole(0, 6)}`
      counts.edits += 1
      if (person.meetings.has(id) && random.next() < 0.3) {
        person.meetings.delete(id)
        mailboxes.deleteEvent(directoryOf(person.tenant), mailboxOf(person), id)
        continue
      }
      const meeting = anyMeeting(random, Date.now())
      person.meetings.set(id, meeting)
      mailboxes.putEvent(directoryOf(person.tenant), mailboxOf(person), eventOf(id, meeting))
    }
  }

  async function setOverrides(): Promise<void> {
    while (!stopped) {
      await after(random.whole(100, 600))
      const person = random.of(editable)
      if (busy.has(person)) continue
      busy.add(person)
      if (person.override !== null && random.next() < 0.5) await remove(person)
      else await set(person)
      busy.delete(person)
    }
  }

  async function set(person: Person): Promise<void> {
    const diversion = random.of(overrides)
    const until =
      random.next() < 0.5 ? null : Math.ceil(Date.now() / 1000) * 1000 + random.whole(600, 7_200) * 1000
    await insist(person, 'PUT', {
      diversion,
      ...(until !== null && { until: new Date(until).toISOString() })
    })
    person.override = { diversion, until, at: Date.now() }
    counts.overridesSet += 1
  }

  async function remove(person: Person): Promise<void> {
    await insist(person, 'DELETE')
    person.override = null
    counts.overridesRemoved += 1
  }

  /** Asks until it is taken: whether a call that was cut off counted, nobody knows, but the same once more does no harm. */
  async function insist({ tenant, user }: Person, method: string, body?: object): Promise<void> {
    for (;;) {
      const response = await fetch(`${origin}/v1/tenants/${tenant}/users/${user}/override`, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) })
      }).catch(() => null)
      const text = await response?.text().catch(() => '')
      if (response?.ok) return
      if (response && ![502, 503].includes(response.status))
        faults.push(`${method} override: ${response.status} ${text}`)
      counts.triedAgain += 1
      await after(100)
    }
  }
}
