/** What people do meanwhile: they edit their calendars, and set and remove overrides until the service takes it. */
import { setTimeout as after } from 'node:timers/promises'
import type { Simulator } from '../simulator/simulator.ts'
import {
  churnedTenant,
  clockUser,
  randomMeeting,
  type SoakFixture,
  soakDirectory,
  soakMailbox,
  toEventInput
} from './fixture.ts'
import type { SoakUser } from './oracle.ts'
import type { RandomSource } from './random.ts'
import type { RetryingClient } from './retrying-client.ts'

export interface Workload {
  readonly counts: Record<string, number>
  /** Resolves when nothing more is done, and the last override was taken. */
  stop(): Promise<void>
}

const overrides = ['sick', 'lunch', 'do-not-disturb', 'vacation'] as const

export function startWorkload(needs: {
  readonly fixture: SoakFixture
  readonly simulator: Simulator
  readonly random: RandomSource
  readonly callUntilAccepted: RetryingClient['callUntilAccepted']
}): Workload {
  const { fixture, simulator, random, callUntilAccepted } = needs
  const editable = fixture.users.filter(({ user }) => user !== clockUser)
  // An override goes with its tenant.
  const overridable = editable.filter(({ tenant }) => tenant !== churnedTenant.id)
  const counts = { edits: 0, overridesSet: 0, overridesRemoved: 0 }
  let stopped = false
  /** Whose override is being changed. */
  const busy = new Set<SoakUser>()
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
      await after(random.integer(20, 200))
      const person = random.of(editable)
      const { mailboxes } = simulator
      const id = `event-${random.integer(0, 6)}`
      counts.edits += 1
      if (person.meetings.has(id) && random.next() < 0.3) {
        person.meetings.delete(id)
        mailboxes.deleteEvent(soakDirectory(person.tenant), soakMailbox(person), id)
        continue
      }
      const meeting = randomMeeting(random, Date.now())
      person.meetings.set(id, meeting)
      mailboxes.putEvent(soakDirectory(person.tenant), soakMailbox(person), toEventInput(id, meeting))
    }
  }

  async function setOverrides(): Promise<void> {
    while (!stopped) {
      await after(random.integer(100, 600))
      const person = random.of(overridable)
      if (busy.has(person)) continue
      busy.add(person)
      if (person.override !== null && random.next() < 0.5) await remove(person)
      else await set(person)
      busy.delete(person)
    }
  }

  async function set(person: SoakUser): Promise<void> {
    const diversion = random.of(overrides)
    const until =
      random.next() < 0.5 ? null : Math.ceil(Date.now() / 1000) * 1000 + random.integer(600, 7_200) * 1000
    await callUntilAccepted('PUT', pathOf(person), {
      diversion,
      // Without `until` it would end as the catalogue says.
      until: until === null ? null : new Date(until).toISOString()
    })
    person.override = { diversion, until, at: Date.now() }
    counts.overridesSet += 1
  }

  async function remove(person: SoakUser): Promise<void> {
    await callUntilAccepted('DELETE', pathOf(person))
    person.override = null
    counts.overridesRemoved += 1
  }
}

function pathOf({ tenant, user }: SoakUser): string {
  return `/v1/tenants/${tenant}/users/${user}/override`
}
