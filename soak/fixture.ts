/** Where the run takes place: tenants, read over Graph and over EWS, with people whose calendars are known. */
import type { Simulator } from '../simulator/simulator.ts'
import type { RuleSet } from '../src/domain/rule-set.ts'
import type { Meeting, Person } from './oracle.ts'
import type { Random } from './random.ts'

export interface Place {
  readonly simulator: Simulator
  readonly people: readonly Person[]
  /** What tenants are given, and what that comes to; all have the first, but the one that comes and goes. */
  readonly ruleSets: readonly Rules[]
  /** The diversions of the clock user, in their order. */
  readonly borders: readonly string[]
}

export interface Rules {
  readonly put: object
  readonly effective: RuleSet
}

/** `path` goes on from the tenant's. */
export type Put = (tenant: string, path: string, body: object) => Promise<void>

/** Nobody edits this one's calendar: it turns every few seconds by itself. */
export const clockUser = 'clock'

export const tenants = [
  { id: 'cloud', kind: 'graph', users: 12, directory: '3f1b2a3c-0000-4000-8000-00000000000a' },
  { id: 'premises', kind: 'impersonation', users: 12, directory: '3f1b2a3c-0000-4000-8000-00000000000b' },
  { id: 'reviewed', kind: 'delegate', users: 6, directory: '3f1b2a3c-0000-4000-8000-00000000000c' },
  { id: 'passing', kind: 'delegate', users: 4, directory: '3f1b2a3c-0000-4000-8000-00000000000d' }
] as const
type TenantHere = (typeof tenants)[number]
/** It is removed and made anew while the others stay. */
export const passingTenant = tenants[3]

const clientId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const account = { user: 'svc-hanvisa', password: 'right' }
/** Seconds between two borders of the clock user. */
const tick = 5
/** Subjects and what they come to under the pack. */
export const words = [
  ['LUN', 'lunch'],
  ['MÖT', 'meeting'],
  ['DND', 'do-not-disturb'],
  ['UTE', 'temporarily-out']
] as const

const pack = 'infracom'
const availability = {
  free: null,
  tentative: null,
  busy: 'busy',
  oof: 'out-of-office',
  workingElsewhere: null
}

function ruleSetsOf(packs: ReadonlyMap<string, RuleSet>): Rules[] {
  const whole = packs.get(pack)!
  const triggers = whole.triggers.map((trigger) =>
    trigger.diversion === 'lunch' ? { ...trigger, diversion: 'meeting' } : trigger
  )
  return [
    { put: { pack, availability }, effective: { ...whole, availability } },
    { put: { pack, availability, triggers }, effective: { ...whole, availability, triggers } }
  ]
}

export async function openPlace(needs: {
  readonly simulator: Simulator
  readonly packs: ReadonlyMap<string, RuleSet>
  readonly put: Put
  readonly random: Random
  readonly seconds: number
}): Promise<Place> {
  const { simulator, packs, put, random, seconds } = needs
  const people: Person[] = []
  const ruleSets = ruleSetsOf(packs)
  const begin = Math.floor(Date.now() / 1000) * 1000
  const clock = clockMeetings(begin, seconds + 240)
  for (const tenant of tenants) {
    for (let index = 0; index <= tenant.users; index++) {
      const user = index === 0 ? clockUser : `user-${index}`
      const meetings = index === 0 ? clock.meetings : someMeetings(random, begin)
      people.push({ tenant: tenant.id, user, meetings, override: null })
    }
    const mine = people.filter((person) => person.tenant === tenant.id)
    fill(simulator, tenant, mine)
    await configure(simulator, tenant, mine, put, ruleSets[0]!.put)
  }
  return { simulator, people, ruleSets, borders: clock.diversions }
}

/** From before the beginning, so that the order of diversions is known from any moment on. */
function clockMeetings(begin: number, seconds: number) {
  const meetings = new Map<string, Meeting>()
  const diversions: string[] = ['available']
  for (let at = 0; at < seconds; at += 2 * tick) {
    const index = at / (2 * tick)
    const [word, diversion] = words[index % words.length]!
    const start = begin + at * 1000
    meetings.set(`tick-${index}`, { subject: word, start, end: start + tick * 1000 })
    diversions.push(diversion, 'available')
  }
  return { meetings, diversions }
}

function someMeetings(random: Random, now: number): Map<string, Meeting> {
  const meetings = new Map<string, Meeting>()
  for (let index = 0; index < 4; index++) meetings.set(`event-${index}`, anyMeeting(random, now))
  return meetings
}

/** Within a few hours of now, so that some hold at any moment, at whole seconds, as calendars have them. */
export function anyMeeting(random: Random, now: number): Meeting {
  const second = Math.floor(now / 1000)
  const start = (second + random.whole(-7_200, 7_200)) * 1000
  return { subject: random.of(words)[0], start, end: start + random.whole(60, 10_800) * 1000 }
}

export function mailboxOf({ tenant, user }: Pick<Person, 'tenant' | 'user'>): string {
  return `${user}@${tenant}.example`
}

export function directoryOf(tenant: string): string {
  return tenants.find(({ id }) => id === tenant)!.directory
}

export function eventOf(id: string, { subject, start, end }: Meeting) {
  return {
    id,
    subject,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    showAs: 'busy' as const
  }
}

function fill(simulator: Simulator, { id, kind, directory }: TenantHere, people: readonly Person[]): void {
  const address = `${account.user}@${id}.example`
  simulator.directories.put({ id: directory, apps: [{ clientId, secret: 'right' }] })
  if (kind !== 'graph') {
    const impersonates = kind === 'impersonation' ? ('everybody' as const) : []
    simulator.installations.put(directory, {
      version: '2016',
      accounts: [{ ...account, address, impersonates }]
    })
  }
  for (const person of people) {
    simulator.mailboxes.put(directory, {
      address: mailboxOf(person),
      rights: { [address]: 'reviewer' },
      events: [...person.meetings].map(([event, meeting]) => eventOf(event, meeting))
    })
  }
}

export async function configure(
  simulator: Simulator,
  { id, kind, directory }: TenantHere,
  people: readonly Person[],
  put: Put,
  rules: object
): Promise<void> {
  await put(id, '', { name: id, timeZone: 'Europe/Stockholm', language: 'sv' })
  await put(id, '/rules', rules)
  for (const [index, person] of people.entries()) {
    await put(id, `/users/${person.user}`, {
      displayName: person.user,
      extension: String(1000 + index),
      mailbox: mailboxOf(person),
      syncEnabled: true
    })
  }
  await put(
    id,
    '/connection',
    kind === 'graph'
      ? {
          kind,
          tenantId: directory,
          clientId,
          clientSecret: 'right',
          cloud: { login: simulator.loginRoot, graph: simulator.graphRoot },
          pollSeconds: 30
        }
      : {
          kind: 'ews',
          url: `${simulator.origin}/${directory}/EWS/Exchange.asmx`,
          auth: { kind: 'ntlm', user: `HANVISA\\${account.user}`, password: account.password },
          access: kind,
          pollSeconds: kind === 'delegate' ? 10 : 30
        }
  )
}
