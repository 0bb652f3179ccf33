/** The sample tenants' calendars in the simulator: filled at the start, then edited as people edit theirs. */
import { randomUUID } from 'node:crypto'
import { type Plan, span, workingDay } from './day.ts'
import type { DemoUser, SampleTenant } from './tenants.ts'

/** As the simulator takes it. */
export interface MailboxSettings {
  readonly address: string
  readonly displayName: string
  readonly timeZone: string
  readonly events: readonly object[]
}

/** Writes into mailboxes, as their owners do. */
export interface Editor {
  putMailboxes(tenant: SampleTenant, mailboxes: readonly MailboxSettings[]): Promise<void>
  putEvent(tenant: SampleTenant, address: string, event: { readonly id: string }): Promise<void>
}

interface Entry {
  readonly id: string
  readonly tenant: SampleTenant
  readonly person: DemoUser
  readonly plan: Plan
  readonly cancelled: boolean
}

/** An edit, described without what the event is about. */
export interface Edit {
  readonly tenant: SampleTenant
  readonly person: DemoUser
  readonly story: string
  /** Whether it changes what holds now, and so shows as soon as it is read. */
  readonly atOnce: boolean
}

export interface Calendars {
  fill(): Promise<void>
  /** Edits somebody's calendar: each time another tenant's, and in turn another kind of edit. */
  edit(): Promise<Edit>
}

export function openCalendars(
  editor: Editor,
  tenants: readonly SampleTenant[],
  clock: () => number = Date.now
): Calendars {
  let entries: Entry[] = []
  let turn = 0

  const save = async (entry: Entry): Promise<void> => {
    await editor.putEvent(entry.tenant, entry.person.mailbox, eventOf(entry))
    entries = [...entries.filter(({ id }) => id !== entry.id), entry]
  }
  const meetings = (tenant: SampleTenant, fits: (start: number, end: number) => boolean): Entry | undefined =>
    entries.find(
      ({ tenant: owner, plan, cancelled }) =>
        owner === tenant &&
        plan.kind === 'meeting' &&
        !cancelled &&
        fits(Date.parse(plan.start), Date.parse(plan.end))
    )

  const endEarly = async (tenant: SampleTenant, now: number): Promise<Edit | null> => {
    const running = meetings(tenant, (start, end) => start < now - MINUTE && end > now + 2 * MINUTE)
    if (running === undefined) return null
    const end = new Date(Math.floor(now / 1000) * 1000).toISOString()
    await save({ ...running, plan: { ...running.plan, end } })
    return { tenant, person: running.person, story: 'ends a meeting early', atOnce: true }
  }
  const cancel = async (tenant: SampleTenant, now: number): Promise<Edit | null> => {
    const coming = meetings(tenant, (start) => start > now + MINUTE / 2)
    if (coming === undefined) return null
    await save({ ...coming, cancelled: true })
    return { tenant, person: coming.person, story: 'cancels a coming meeting', atOnce: false }
  }
  const meet = async (tenant: SampleTenant, now: number, from: number): Promise<Edit> => {
    const free = tenant.users.filter((person) => !entries.some((entry) => occupies(entry, person, now)))
    const person = free[turn % free.length] ?? tenant.users[turn % tenant.users.length]!
    const plan: Plan = { kind: 'meeting', ...span(now, from, from + 2 + (turn % 3)) }
    await save({ id: randomUUID(), tenant, person, plan, cancelled: false })
    return {
      tenant,
      person,
      story: from === 0 ? 'books a meeting that begins now' : 'books a coming meeting',
      atOnce: from === 0
    }
  }
  /** In turn. What cannot be done, there being no such meeting, becomes a new one. */
  const manners: readonly ((tenant: SampleTenant, now: number) => Promise<Edit | null>)[] = [
    (tenant, now) => meet(tenant, now, 0),
    endEarly,
    (tenant, now) => meet(tenant, now, 2 + (turn % 4)),
    cancel
  ]

  return {
    fill: async () => {
      for (const tenant of tenants) {
        const days = workingDay(clock(), tenant.timeZone)
        const theirs = tenant.users.flatMap((person, index) =>
          (days[index % days.length] ?? []).map(
            (plan): Entry => ({ id: randomUUID(), tenant, person, plan, cancelled: false })
          )
        )
        const mailboxes = tenant.users.map((person) => ({
          address: person.mailbox,
          displayName: person.name,
          timeZone: tenant.timeZone,
          events: theirs.filter((entry) => entry.person === person).map(eventOf)
        }))
        await editor.putMailboxes(tenant, mailboxes)
        entries.push(...theirs)
      }
    },
    edit: async () => {
      const now = clock()
      const tenant = tenants[turn % tenants.length]!
      const manner = manners[Math.floor(turn / tenants.length) % manners.length]!
      const done = (await manner(tenant, now)) ?? (await meet(tenant, now, 0))
      turn += 1
      // What is over is of no more use here; the simulator keeps it as a calendar does.
      entries = entries.filter(({ plan }) => plan.allDay || Date.parse(plan.end) > now - MINUTE)
      return done
    }
  }
}

const MINUTE = 60_000
/** In the languages of the sample tenants. */
const CANCELLED: Readonly<Record<string, string>> = { sv: 'Inställt', da: 'Aflyst' }

function occupies({ person, plan, cancelled }: Entry, candidate: DemoUser, now: number): boolean {
  if (person !== candidate || cancelled || plan.kind === 'note' || plan.kind === 'perhaps') return false
  return plan.allDay || (Date.parse(plan.start) <= now && now < Date.parse(plan.end))
}

function eventOf({ id, tenant, plan, cancelled }: Entry) {
  const { kind, start, end, allDay } = plan
  const sensitivity = kind === 'private' ? 'private' : 'normal'
  const { subject, showAs } = tenant.wordings[kind]
  // As Exchange writes a meeting that was called off: who may only look on has no other sign of it.
  const shown = cancelled
    ? { subject: `${CANCELLED[tenant.language]}: ${subject}`, showAs: 'free' }
    : { subject, showAs }
  return { id, ...shown, sensitivity, start, end, allDay, cancelled }
}
