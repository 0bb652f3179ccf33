/** Where the run takes place: tenants, read over Graph and over EWS, with people whose calendars are known. */
import type { Simulator } from '../simulator/simulator.ts'
import type { RuleSet } from '../src/domain/rule-set.ts'
import type { Meeting, SoakUser } from './oracle.ts'
import type { RandomSource } from './random.ts'

export interface SoakFixture {
  readonly simulator: Simulator
  readonly users: readonly SoakUser[]
  /** What tenants are given, and what that comes to; all have the first, but the one that comes and goes. */
  readonly ruleSets: readonly RuleVariant[]
  /** The diversions of the clock user, in their order. */
  readonly transitions: readonly string[]
}

export interface RuleVariant {
  readonly put: object
  readonly effective: RuleSet
}

/** `path` goes on from the tenant's. */
export type PutBody = (tenant: string, path: string, body: object) => Promise<void>

/** Nobody edits this one's calendar: it turns every few seconds by itself. */
export const clockUser = 'clock'

export const soakTenants = [
  { id: 'cloud', kind: 'graph', users: 12, directory: '3f1b2a3c-0000-4000-8000-00000000000a' },
  { id: 'premises', kind: 'impersonation', users: 12, directory: '3f1b2a3c-0000-4000-8000-00000000000b' },
  { id: 'reviewed', kind: 'delegate', users: 6, directory: '3f1b2a3c-0000-4000-8000-00000000000c' },
  { id: 'churned', kind: 'delegate', users: 4, directory: '3f1b2a3c-0000-4000-8000-00000000000d' }
] as const
type SoakTenant = (typeof soakTenants)[number]
/** It is removed and created again while the others stay. */
export const churnedTenant = soakTenants[3]

const clientId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const account = { user: 'svc-hanvisa', password: 'right' }
/** Seconds between two transitions of the clock user. */
const tickSeconds = 5
/** Subjects and what they come to under the pack. */
export const subjects = [
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

function ruleSetsOf(packs: ReadonlyMap<string, RuleSet>): RuleVariant[] {
  const whole = packs.get(pack)!
  const triggers = whole.triggers.map((trigger) =>
    trigger.diversion === 'lunch' ? { ...trigger, diversion: 'meeting' } : trigger
  )
  return [
    { put: { pack, availability }, effective: { ...whole, availability } },
    { put: { pack, availability, triggers }, effective: { ...whole, availability, triggers } }
  ]
}

export async function createSoakFixture(needs: {
  readonly simulator: Simulator
  readonly packs: ReadonlyMap<string, RuleSet>
  readonly put: PutBody
  readonly random: RandomSource
  readonly seconds: number
}): Promise<SoakFixture> {
  const { simulator, packs, put, random, seconds } = needs
  const people: SoakUser[] = []
  const ruleSets = ruleSetsOf(packs)
  const begin = Math.floor(Date.now() / 1000) * 1000
  const clock = clockMeetings(begin, seconds + 240)
  for (const tenant of soakTenants) {
    for (let index = 0; index <= tenant.users; index++) {
      const user = index === 0 ? clockUser : `user-${index}`
      const meetings = index === 0 ? clock.meetings : randomMeetings(random, begin)
      people.push({ tenant: tenant.id, user, meetings, override: null })
    }
    const mine = people.filter((person) => person.tenant === tenant.id)
    fillSimulator(simulator, tenant, mine)
    await configureTenant(simulator, tenant, mine, put, ruleSets[0]!.put)
  }
  return { simulator, users: people, ruleSets, transitions: clock.diversions }
}

/** From before the beginning, so that the order of diversions is known from any moment on. */
function clockMeetings(begin: number, seconds: number) {
  const meetings = new Map<string, Meeting>()
  const diversions: string[] = ['available']
  for (let at = 0; at < seconds; at += 2 * tickSeconds) {
    const index = at / (2 * tickSeconds)
    const [word, diversion] = subjects[index % subjects.length]!
    const start = begin + at * 1000
    meetings.set(`tick-${index}`, { subject: word, start, end: start + tickSeconds * 1000 })
    diversions.push(diversion, 'available')
  }
  return { meetings, diversions }
}

function randomMeetings(random: RandomSource, now: number): Map<string, Meeting> {
  const meetings = new Map<string, Meeting>()
  for (let index = 0; index < 4; index++) meetings.set(`event-${index}`, randomMeeting(random, now))
  return meetings
}

/** Within a few hours of now, so that some hold at any moment, at whole seconds, as calendars have them. */
export function randomMeeting(random: RandomSource, now: number): Meeting {
  const second = Math.floor(now / 1000)
  const start = (second + random.integer(-7_200, 7_200)) * 1000
  return { subject: random.of(subjects)[0], start, end: start + random.integer(60, 10_800) * 1000 }
}

export function soakMailbox({ tenant, user }: Pick<SoakUser, 'tenant' | 'user'>): string {
  return `${user}@${tenant}.example`
}

export function soakDirectory(tenant: string): string {
  return soakTenants.find(({ id }) => id === tenant)!.directory
}

export function toEventInput(id: string, { subject, start, end }: Meeting) {
  return {
    id,
    subject,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    showAs: 'busy' as const
  }
}

function fillSimulator(
  simulator: Simulator,
  { id, kind, directory }: SoakTenant,
  people: readonly SoakUser[]
): void {
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
      address: soakMailbox(person),
      rights: { [address]: 'reviewer' },
      events: [...person.meetings].map(([event, meeting]) => toEventInput(event, meeting))
    })
  }
}

export async function configureTenant(
  simulator: Simulator,
  { id, kind, directory }: SoakTenant,
  people: readonly SoakUser[],
  put: PutBody,
  rules: object
): Promise<void> {
  await put(id, '', { name: id, timeZone: 'Europe/Stockholm', language: 'sv' })
  await put(id, '/rules', rules)
  for (const [index, person] of people.entries()) {
    await put(id, `/users/${person.user}`, {
      displayName: person.user,
      extension: String(1000 + index),
      mailbox: soakMailbox(person),
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
