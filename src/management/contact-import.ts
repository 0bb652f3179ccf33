/** Shared contacts from a sheet: what it holds takes the place of the list before, all at once. */
import { randomBytes } from 'node:crypto'
import { callerNamesOff } from '../caller-names/caller-names.ts'
import {
  type Contact,
  ContactDigests,
  sealContact,
  sharedListBegun,
  sharedListName
} from '../caller-names/contact-seal.ts'
import { type NumberingPlan, readPhoneNumber, splitPhoneNumbers } from '../caller-names/phone-number.ts'
import { RequestError } from '../errors.ts'
import { forEachInSlices, nextSlice } from '../lib/time-slices.ts'
import type { SharedListRecord } from '../storage/contacts.ts'
import { type CsvRow, readAllCsvRows } from './csv.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'

export const contactColumns = ['name', 'company', 'numbers', 'companyNumbers'] as const
type ContactColumn = (typeof contactColumns)[number]

const sheet = { columns: contactColumns, required: [] as const, holds: 'contact' }

/** Contacts in one write: a few milliseconds. */
const CONTACTS_PER_BATCH = 200
const MAX_NAME_LENGTH = 200
/** An answer names at most so many cells. */
const MAX_SKIPPED = 1000
/** An import that was broken off has left a list that nobody uses; a younger one may be under way. */
const LEFTOVER_MS = 3_600_000

export interface SkippedCell {
  /** The header is row 1. */
  readonly row: number
  readonly field: string
  readonly message: string
}

export interface ContactImportResponse {
  readonly dryRun: boolean
  readonly contacts: number
  readonly numbers: number
  /** Numbers, and rows, that were left out. */
  readonly skipped: number
  /** The first thousand of them. */
  readonly cells: readonly SkippedCell[]
}

export interface ContactImport {
  /** `csv`: the file as it was sent. */
  run(tenant: string, csv: Buffer, options: { readonly dryRun: boolean }): Promise<ContactImportResponse>
}

export function createContactImport({ store, masterKeys, clock }: ManagementDeps): ContactImport {
  return {
    async run(tenant, csv, { dryRun }) {
      const { country = null } = await requireTenant(store, tenant)
      const settings = await store.contacts.settings(tenant)
      if (settings === null) throw callerNamesOff(tenant)
      const rows = await readAllCsvRows<ContactColumn>(csv, sheet)
      const { contacts, skipped, cells } = await readContacts(rows, { country, strip: [] })
      if (contacts.length === 0) {
        const message =
          'holds no contact with a name and a number that can be read: DELETE …/contacts removes the list'
        throw new RequestError('invalid_request', '', [{ field: 'file', message }, ...cells.slice(0, 100)])
      }
      const numbers = new Set(contacts.flatMap((one) => [...one.numbers, ...one.mainNumbers])).size
      if (!dryRun) await replaceShared(tenant, contacts, numbers)
      return { dryRun, contacts: contacts.length, numbers, skipped, cells }
    }
  }

  async function replaceShared(tenant: string, contacts: readonly Contact[], numbers: number): Promise<void> {
    const at = clock()
    const list = sharedListName(at, randomBytes(4).toString('hex'))
    const digests = new ContactDigests(masterKeys.installationSecret, tenant)
    for (let from = 0; from < contacts.length; from += CONTACTS_PER_BATCH) {
      await nextSlice()
      await store.withTenantLock(tenant, async (store) => {
        const sealer = await masterKeys.sealer()
        const options = { tenant, list, changedAt: at, digests, sealer, isListed: true }
        const batch = contacts
          .slice(from, from + CONTACTS_PER_BATCH)
          .map((contact, index) => sealContact(contact, { ...options, id: (from + index).toString(36) }))
        if (!(await store.contacts.save(tenant, list, batch))) throw callerNamesOff(tenant)
      })
    }
    await store.withTenantLock(tenant, async ({ contacts: lists }) => {
      const settings = await lists.settings(tenant)
      if (settings === null) throw callerNamesOff(tenant)
      const shared: SharedListRecord = { list, contacts: contacts.length, numbers, importedAt: at }
      await lists.saveSettings(tenant, { ...settings, shared, changedAt: at })
      for (const other of await lists.lists(tenant)) {
        const begun = sharedListBegun(other)
        const isLeft = begun !== null && other !== list && at - begun > LEFTOVER_MS
        if (isLeft || other === settings.shared?.list) await lists.removeList(tenant, other)
      }
    })
  }
}

interface ReadContacts {
  readonly contacts: readonly Contact[]
  readonly skipped: number
  readonly cells: readonly SkippedCell[]
}

/** A number that is none is left out, and a row that has none, or no name: lists of contacts hold such by the hundred. */
async function readContacts(
  rows: readonly CsvRow<ContactColumn>[],
  plan: NumberingPlan
): Promise<ReadContacts> {
  const contacts: Contact[] = []
  const cells: SkippedCell[] = []
  let skipped = 0
  const skip = (row: number, field: string, message: string) => {
    skipped += 1
    if (cells.length < MAX_SKIPPED) cells.push({ row, field, message })
  }
  await forEachInSlices(rows, ({ row, cells: values, faults }) => {
    for (const { field, message } of faults) skip(row, field, message)
    if (faults.length > 0) return
    const { name = '', company = '' } = values
    const numbersIn = (field: 'numbers' | 'companyNumbers') =>
      splitPhoneNumbers(values[field] ?? '').flatMap((text) => {
        const number = readPhoneNumber(text, plan)
        if (number === null) skip(row, field, 'is no number that can be read: write one such as +46701234567')
        return number ?? []
      })
    const numbers = [...new Set(numbersIn('numbers'))]
    const mainNumbers = [...new Set(numbersIn('companyNumbers'))]
    if (name === '' && company === '') skip(row, 'name', 'is empty, and so is company: write one of the two')
    else if (name.length > MAX_NAME_LENGTH || company.length > MAX_NAME_LENGTH) {
      skip(row, 'name', `is longer than ${MAX_NAME_LENGTH} characters, or company is`)
    } else if (numbers.length + mainNumbers.length > 0) {
      contacts.push({ person: name.toWellFormed(), company: company.toWellFormed(), numbers, mainNumbers })
    } else if ((values.numbers ?? '') === '' && (values.companyNumbers ?? '') === '') {
      skip(row, 'numbers', 'is empty, so that the contact can never be met')
    }
  })
  return { contacts, skipped, cells }
}
