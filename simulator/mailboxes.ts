/** The set of mailboxes and their events, as an Exchange keeps them: free of any protocol. */
import { createHash, randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { CalendarItem, EventContent, EventInput, Mailbox, Right } from './calendar-item.ts'
import type { Hosting } from './hosting.ts'
import { compileRecurrence } from './recurrence.ts'

import { dayOf, isZone, parseDate, parseRfc3339 } from './time.ts'

/** A mailbox as a test or a person describes it. */
export interface MailboxInput {
  /** The primary SMTP address; it names the mailbox within its tenant, case ignored. */
  readonly address: string
  /** The Entra object id, a GUID. Made from tenant and address unless given. */
  readonly objectId?: string
  /** The address unless given. */
  readonly userPrincipalName?: string
  /** Further SMTP addresses. */
  readonly aliases?: readonly string[]
  readonly displayName?: string
  /** IANA; Europe/Stockholm unless given. All-day events and recurrences are in it. */
  readonly timeZone?: string
  /** Where it stands; `online` unless given. */
  readonly hosting?: Hosting
  /** By the address of who looks; `default` for everybody else, `freeBusy` unless given, as in a new organisation. */
  readonly rights?: Readonly<Record<string, Right>>
  /** Replaces all events; without it they stay. */
  readonly events?: readonly EventInput[]
}

export interface MailboxChange {
  readonly mailbox: Mailbox
  readonly event: string
  readonly kind: 'created' | 'updated' | 'deleted'
}

/** What was put is not right; the message says what to put instead. */
export class ControlInputError extends Error {
  override readonly name = 'InputError'
}

/** Emits `changed` after every write to an event: notifications follow from it. */
export class Mailboxes extends EventEmitter<{ changed: [MailboxChange] }> {
  readonly #byName = new Map<string, Mailbox>()
  readonly #byTenant = new Map<string, Map<string, Mailbox>>()
  readonly #clock: () => number

  constructor(clock: () => number = Date.now) {
    super()
    this.#clock = clock
  }

  /** Creates the mailbox or replaces its settings. Nothing is changed when anything in it is wrong. */
  put(tenant: string, input: MailboxInput): Mailbox {
    const held = this.get(tenant, input.address)
    const mailbox: Mailbox = {
      tenant,
      address: input.address,
      objectId: input.objectId ?? objectIdOf(tenant, input.address),
      userPrincipalName: input.userPrincipalName ?? input.address,
      aliases: input.aliases ?? [],
      displayName: input.displayName ?? input.address.split('@')[0] ?? input.address,
      timeZone: input.timeZone ?? 'Europe/Stockholm',
      hosting: input.hosting ?? 'online',
      rights: lowerKeys(input.rights ?? {}),
      events: new Map(),
      change: held?.change ?? 0
    }
    if (!isZone(mailbox.timeZone))
      throw new ControlInputError(`timeZone: "${mailbox.timeZone}" is no IANA zone`)
    for (const name of namesOf(mailbox)) {
      const other = this.#byName.get(keyOf(tenant, name))
      if (other !== undefined && other !== held)
        throw new ControlInputError(`"${name}" belongs to ${other.address}`)
    }
    const inputs = input.events ?? [...(held?.events.values() ?? [])].map((item) => item.input)
    for (const each of inputs) this.#write(mailbox, each, input.events ? null : held)
    if (held) this.#removeNames(held)
    for (const name of namesOf(mailbox)) this.#byName.set(keyOf(tenant, name), mailbox)
    const ofTenant = this.#byTenant.get(tenant) ?? new Map<string, Mailbox>()
    this.#byTenant.set(tenant, ofTenant.set(mailbox.address.toLowerCase(), mailbox))
    if (input.events) this.#emitReplaced(mailbox, held)
    return mailbox
  }

  /** By its primary address. */
  get(tenant: string, address: string): Mailbox | undefined {
    return this.#byTenant.get(tenant)?.get(address.toLowerCase())
  }

  /** By object id, UPN, primary address or alias. */
  find(tenant: string, name: string): Mailbox | undefined {
    return this.#byName.get(keyOf(tenant, name))
  }

  list(tenant: string): Mailbox[] {
    return [...(this.#byTenant.get(tenant)?.values() ?? [])]
  }

  delete(tenant: string, address: string): boolean {
    const mailbox = this.get(tenant, address)
    if (mailbox) this.#removeNames(mailbox)
    return mailbox !== undefined
  }

  /** Creates the event, or replaces the one with that id. */
  putEvent(tenant: string, address: string, input: EventInput): CalendarItem {
    const mailbox = this.#requireMailbox(tenant, address)
    const existed = input.id !== undefined && mailbox.events.has(input.id)
    const item = this.#write(mailbox, input, mailbox)
    this.emit('changed', { mailbox, event: item.id, kind: existed ? 'updated' : 'created' })
    return item
  }

  deleteEvent(tenant: string, address: string, id: string): boolean {
    const mailbox = this.#requireMailbox(tenant, address)
    if (!mailbox.events.delete(id)) return false
    mailbox.change += 1
    this.emit('changed', { mailbox, event: id, kind: 'deleted' })
    return true
  }

  /** Removes every mailbox of the tenant, or of all. */
  clear(tenant?: string): void {
    const tenants = tenant === undefined ? [...this.#byTenant.keys()] : [tenant]
    for (const mailbox of tenants.flatMap((id) => this.list(id))) this.#removeNames(mailbox)
  }

  #requireMailbox(tenant: string, address: string): Mailbox {
    const mailbox = this.get(tenant, address)
    if (!mailbox) throw new ControlInputError(`there is no mailbox ${address} in tenant ${tenant}`)
    return mailbox
  }

  #write(mailbox: Mailbox, input: EventInput, held: Mailbox | null | undefined): CalendarItem {
    const now = this.#clock()
    const id = input.id ?? randomUUID()
    const before = held?.events.get(id)
    const unchanged = before !== undefined && before.input === input
    const item: CalendarItem = {
      ...contentOf(mailbox, input),
      ...spanOf(mailbox, input),
      id,
      change: unchanged ? before.change : mailbox.change + 1,
      created: before?.created ?? now,
      modified: unchanged ? before.modified : now,
      input: input.id === undefined ? { ...input, id } : input
    }
    if (!unchanged) mailbox.change += 1
    mailbox.events.set(id, item)
    return item
  }

  #emitReplaced(mailbox: Mailbox, held: Mailbox | undefined): void {
    for (const event of mailbox.events.keys()) {
      this.emit('changed', { mailbox, event, kind: held?.events.has(event) ? 'updated' : 'created' })
    }
    for (const event of held?.events.keys() ?? []) {
      if (!mailbox.events.has(event)) this.emit('changed', { mailbox, event, kind: 'deleted' })
    }
  }

  #removeNames(mailbox: Mailbox): void {
    for (const name of namesOf(mailbox)) this.#byName.delete(keyOf(mailbox.tenant, name))
    this.#byTenant.get(mailbox.tenant)?.delete(mailbox.address.toLowerCase())
  }
}

/** What `viewer` may see of the mailbox. Everybody sees all of their own. */
export function rightOfViewer(mailbox: Mailbox, viewer: Mailbox): Right {
  return rightOfAddress(mailbox, viewer.address)
}

/** The same of somebody who need not have a mailbox. */
export function rightOfAddress(mailbox: Mailbox, address: string): Right {
  const viewer = address.toLowerCase()
  if (viewer === mailbox.address.toLowerCase()) return 'fullAccess'
  return mailbox.rights[viewer] ?? mailbox.rights.default ?? 'freeBusy'
}

function contentOf(mailbox: Mailbox, input: EventInput): EventContent {
  const response = input.response ?? 'organizer'
  const own = response === 'organizer' || response === 'none'
  return {
    subject: input.subject ?? '',
    location: input.location ?? '',
    showAs: input.showAs ?? 'busy',
    sensitivity: input.sensitivity ?? 'normal',
    cancelled: input.cancelled ?? false,
    response,
    categories: input.categories ?? [],
    organizer:
      input.organizer ??
      (own
        ? { name: mailbox.displayName, address: mailbox.address }
        : { name: 'Somebody Else', address: 'somebody.else@elsewhere.example' })
  }
}

function spanOf(mailbox: Mailbox, input: EventInput) {
  const allDay = input.allDay ?? false
  const start = allDay ? parseDate(input.start) : parseRfc3339(input.start)
  const end = allDay ? parseDate(input.end) : parseRfc3339(input.end)
  const form = allDay ? 'a date like 2026-11-23' : 'a time with offset like 2026-11-23T09:00:00Z'
  if (start === null) throw new ControlInputError(`start: "${input.start}" must be ${form}`)
  if (end === null) throw new ControlInputError(`end: "${input.end}" must be ${form}`)
  if (end < start || (allDay && end === start))
    throw new ControlInputError(`end: "${input.end}" is too early`)
  const firstDay = () => dayOf(start, allDay ? 'UTC' : mailbox.timeZone)
  const recurrence = input.recurrence ? compileRecurrence(input.recurrence, firstDay(), allDay) : null
  if (typeof recurrence === 'string') throw new ControlInputError(`recurrence: ${recurrence}`)
  return { allDay, start, end, recurrence }
}

function namesOf(mailbox: Mailbox): Set<string> {
  const names = [mailbox.address, mailbox.objectId, mailbox.userPrincipalName, ...mailbox.aliases]
  return new Set(names.map((name) => name.toLowerCase()))
}

function keyOf(tenant: string, name: string): string {
  return `${tenant}\n${name.toLowerCase()}`
}

function objectIdOf(tenant: string, address: string): string {
  const hex = createHash('sha256').update(keyOf(tenant, address)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function lowerKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key.toLowerCase(), value]))
}
