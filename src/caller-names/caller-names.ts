/**
 * Whose number it is: the extension's user first, then the contacts of who is called, the tenant's shared contacts, and the tenant's
 * users. What is looked up is a record of a call: it reaches no log, and no error either.
 */
import { type CallerName, chooseName, type NameCandidate } from '../domain/caller-name.ts'
import { RequestError } from '../errors.ts'
import { Slice } from '../lib/time-slices.ts'
import type { TenantView } from '../status/tenant-view.ts'
import { type CallerNamesRecord, type ContactStore, personalList } from '../storage/contacts.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import { StoreUnavailable } from '../storage/store.ts'
import { ContactDigests, openContact } from './contact-seal.ts'
import { readPhoneNumber } from './phone-number.ts'
import { type PhonebookEntry, userEntry } from './phonebook.ts'
import { type ListedUser, UserDirectory } from './user-directory.ts'

export const nameSources = ['personal', 'shared', 'user'] as const
export type NameSource = (typeof nameSources)[number]

export interface FoundName extends CallerName {
  /** E.164, or the extension. */
  readonly number: string
  readonly source: NameSource
}

export interface NameQuery {
  readonly tenant: string
  /** As the switch has it. */
  readonly number: string
  /** The user at whose telephone it rings, and whose own contacts may be shown there; null: nobody's. */
  readonly user: string | null
}

export interface CallerNamesDeps {
  readonly contacts: Pick<ContactStore, 'settings' | 'find' | 'eachSlice'>
  readonly unsealer: Unsealer
  readonly installationSecret: Buffer
}

export class CallerNames {
  readonly #deps: CallerNamesDeps
  readonly #directories = new WeakMap<TenantView, UserDirectory>()
  readonly #digests = new Map<string, ContactDigests>()
  /** For while the store is away: then nobody can turn them off either. */
  readonly #lastSettings = new Map<string, CallerNamesRecord>()

  constructor(deps: CallerNamesDeps) {
    this.#deps = deps
  }

  /** Null: nobody known has the number. Throws RequestError where it is none, or where caller names are off. */
  async find(view: TenantView, { tenant, number, user }: NameQuery): Promise<FoundName | null> {
    const { strip, shared } = await this.requireSettings(tenant)
    const directory = await this.#directoryOf(view)
    const dialled = number.replace(/[\s().-]/g, '')
    const atExtension = findUser(directory, dialled)
    if (atExtension !== null && !dialled.startsWith('+')) return atExtension
    const e164 = readPhoneNumber(number, { country: view.context.country, strip })
    if (e164 === null) throw new RequestError('number_unreadable', unreadable(view.context.country))
    const inList = (list: string, source: NameSource) => this.#findInList(tenant, list, e164, source)
    return (
      (user === null ? null : await inList(personalList(user), 'personal')) ??
      (shared === null ? null : await inList(shared.list, 'shared')) ??
      findUser(directory, e164)
    )
  }

  /** Whose own the extension is; null: nobody's, or several share it. */
  async ownerOf(view: TenantView, extension: string): Promise<string | null> {
    const directory = await this.#directoryOf(view)
    const sharing = directory.find(extension).filter((user) => user.extension === extension)
    return sharing.length === 1 ? sharing[0]!.id : null
  }

  /** Who stands in the phone book: users, and shared contacts. Throws RequestError where caller names are off. */
  async listed(view: TenantView, tenant: string): Promise<AsyncIterable<PhonebookEntry>> {
    const { shared } = await this.requireSettings(tenant)
    return this.#listAll(view.moment().users, tenant, shared?.list ?? null)
  }

  async *#listAll(
    users: readonly ListedUser[],
    tenant: string,
    list: string | null
  ): AsyncGenerator<PhonebookEntry> {
    const slice = new Slice()
    for (const user of users) {
      if (slice.isOver()) await slice.next()
      yield userEntry(user)
    }
    if (list === null) return
    for await (const some of this.#deps.contacts.eachSlice(tenant, list)) {
      for (const { sealed } of some) {
        if (slice.isOver()) await slice.next()
        const { person, company, numbers = [] } = openContact(this.#deps.unsealer, tenant, list, sealed)
        yield { person, company, numbers }
      }
    }
  }

  /** Throws RequestError where they are off. */
  async requireSettings(tenant: string): Promise<CallerNamesRecord> {
    const settings = await this.#readSettings(tenant)
    if (settings === null) throw callerNamesOff(tenant)
    return settings
  }

  async #readSettings(tenant: string): Promise<CallerNamesRecord | null> {
    try {
      const settings = await this.#deps.contacts.settings(tenant)
      if (settings === null) this.#lastSettings.delete(tenant)
      else this.#lastSettings.set(tenant, settings)
      return settings
    } catch (error) {
      const last = error instanceof StoreUnavailable ? this.#lastSettings.get(tenant) : undefined
      if (last === undefined) throw error
      return last
    }
  }

  async #directoryOf(view: TenantView): Promise<UserDirectory> {
    let directory = this.#directories.get(view)
    if (directory === undefined) {
      directory = new UserDirectory()
      this.#directories.set(view, directory)
    }
    await directory.update(view.moment().users)
    return directory
  }

  async #findInList(
    tenant: string,
    list: string,
    number: string,
    source: NameSource
  ): Promise<FoundName | null> {
    const digest = this.#digestsOf(tenant).of(list, number)
    const name = chooseName(await this.#readCandidates(tenant, list, digest))
    return name && { ...name, number, source }
  }

  /** While the store is away, none: who is in memory is shown all the same. */
  async #readCandidates(tenant: string, list: string, digest: string): Promise<NameCandidate[]> {
    try {
      const contacts = await this.#deps.contacts.find(tenant, list, digest)
      return contacts.map(({ sealed, changedAt }) => {
        const { person, company, main } = openContact(this.#deps.unsealer, tenant, list, sealed)
        return { person, company, isMainNumber: main.includes(digest), changedAt }
      })
    } catch (error) {
      if (error instanceof StoreUnavailable) return []
      throw error
    }
  }

  #digestsOf(tenant: string): ContactDigests {
    let digests = this.#digests.get(tenant)
    if (digests === undefined) {
      digests = new ContactDigests(this.#deps.installationSecret, tenant)
      this.#digests.set(tenant, digests)
    }
    return digests
  }
}

export function callerNamesOff(tenant: string): RequestError {
  return new RequestError(
    'not_found',
    `Caller names are off in the tenant "${tenant}": PUT /v1/tenants/${tenant}/caller-names turns them on.`
  )
}

function findUser(directory: UserDirectory, number: string): FoundName | null {
  const candidates = directory
    .find(number)
    .map(({ displayName }) => ({ person: displayName, company: '', isMainNumber: false, changedAt: 0 }))
  const name = chooseName(candidates)
  return name && { ...name, number, source: 'user' }
}

/** Without the number itself. */
function unreadable(country: string | null): string {
  const remedy =
    country === null
      ? 'The tenant states no `country`, so that only numbers with `+` can be read: state it.'
      : `Numbers are read as in ${country}; a switch that dials a prefix for outside lines has it named in \`strip\`.`
  return `That is no number, and no extension of this tenant. ${remedy}`
}
