/** How a contact is kept: found by a keyed digest of each number, with its names sealed. */
import { createHmac } from 'node:crypto'
import type { CallerName } from '../domain/caller-name.ts'
import type { ContactRecord } from '../storage/contacts.ts'
import { contactPurpose } from '../storage/secrets/contact-secrets.ts'
import { deriveKey } from '../storage/secrets/derive-key.ts'
import type { Sealer, Unsealer } from '../storage/secrets/seal.ts'

/** 128 bits, so that no two numbers share one. */
const DIGEST_BYTES = 16

export interface Contact extends CallerName {
  /** E.164: the contact's own. */
  readonly numbers: readonly string[]
  /** E.164: of the company's switchboard. */
  readonly mainNumbers: readonly string[]
}

/** What is sealed of a contact. */
export interface SealedNames extends CallerName {
  /** The digests of those numbers that are the company's. */
  readonly main: readonly string[]
  /** E.164: of a shared contact alone, for phone books. */
  readonly numbers?: readonly string[]
}

/**
 * Numbers are few enough (about 2^33) to try them all: without the tenant's key, which follows from a secret that is sealed itself, a
 * digest says nothing. The same number has another digest in each list, so that lists cannot be compared.
 */
export class ContactDigests {
  readonly #key: Buffer

  constructor(installationSecret: Buffer, tenant: string) {
    this.#key = deriveKey(installationSecret, `hanvisa numbers of contacts/${tenant}`)
  }

  /** `text`: a number as E.164, or another system's id of a contact. */
  of(list: string, text: string): string {
    const digest = createHmac('sha256', this.#key).update(`${list}\n${text}`).digest()
    return digest.subarray(0, DIGEST_BYTES).toString('base64url')
  }
}

export interface SealContactOptions {
  readonly tenant: string
  readonly list: string
  /** Within the list. */
  readonly id: string
  readonly changedAt: number
  readonly digests: ContactDigests
  readonly sealer: Sealer
  /** Whether the numbers are kept, sealed: of shared contacts, which phone books list. */
  readonly isListed: boolean
}

export function sealContact(
  { person, company, numbers, mainNumbers }: Contact,
  { tenant, list, id, changedAt, digests, sealer, isListed }: SealContactOptions
): ContactRecord {
  const main = mainNumbers.map((number) => digests.of(list, number))
  const own = numbers.map((number) => digests.of(list, number))
  const names: SealedNames = {
    person,
    company,
    main,
    ...(isListed && { numbers: [...numbers, ...mainNumbers] })
  }
  return {
    contact: id,
    numbers: [...new Set([...own, ...main])],
    sealed: sealer.seal(JSON.stringify(names), contactPurpose(tenant, list)),
    changedAt
  }
}

export function openContact(unsealer: Unsealer, tenant: string, list: string, sealed: string): SealedNames {
  return JSON.parse(unsealer.open(sealed, contactPurpose(tenant, list)))
}

const SHARED = 'shared/'

/** A list for an import, named by when it was begun. */
export function sharedListName(at: number, random: string): string {
  return `${SHARED}${Math.floor(at).toString(36)}-${random}`
}

/** When a list for an import was begun; null: it is another list. */
export function sharedListBegun(list: string): number | null {
  return list.startsWith(SHARED) ? Number.parseInt(list.slice(SHARED.length), 36) : null
}
