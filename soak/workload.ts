/** What people do meanwhile: they edit their calendars, and set and remove overrides until the service takes it. */
import { setTimeout as after } from 'node:timers/promises'
import type { Simulator } from '../simulator/simulator.ts'
import {
  anyMeeting,
  clockUser,
  directoryOf,
  eventOf,
  mailboxOf,
  type Place,
  passingTenant
} from './fixture.ts'
import type { Person } from './oracle.ts'
import type { Random } from './random.ts'
import type { Calls } from './retrying-client.ts'

export interface Deeds {
  readonly counts: Record<string, number>
  /** Resolves when nothing more is done, and the last override was taken. */
  stop(): Promise<void>
}

const overrides = ['sick', 'lunch', 'do-not-disturb', 'vacation'] as const

export function openDeeds(needs: {
  readonly place: Place
  readonly simulator: Simulator
  readonly random: Random
  readonly insist: Calls['insist']
}): Deeds {
  const { place, simulator, random, insist } = needs
  const editable = place.people.filter(({ user }) => user !== clockUser)
  // An override goes with its tenant.
  const settable = editable.filter(({ tenant }) => tenant !== passingTenant.id)
  const counts = { edits: 0, overridesSet: 0, overridesRemoved: 0 }
  let stopped = false
  /** Whose override is being changed. */
  const busy = new Set<Person>()
  const running = [editCalendars(), setOverrides(), setOverrides()]

  return {
    counts,
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
      const person = random.of(settable)
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
    await insist('PUT', pathOf(person), {
      diversion,
      ...(until !== null && { until: new Date(until).toISOString() })
    })
    person.override = { diversion, until, at: Date.now() }
    counts.overridesSet += 1
  }

  async function remove(person: Person): Promise<void> {
    await insist('DELETE', pathOf(person))
    person.override = null
    counts.overridesRemoved += 1
  }
}

function pathOf({ tenant, user }: Person): string {
  return `/v1/tenants/${tenant}/users/${user}/override`
}
