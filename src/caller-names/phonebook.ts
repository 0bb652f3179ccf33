/** The phone book of a tenant in the forms that telephones fetch: its users, and its shared contacts. */
import { type CallerName, formatName } from '../domain/caller-name.ts'
import { Slice } from '../lib/time-slices.ts'
import type { ListedUser } from './user-directory.ts'

export const phonebookFormats = ['yealink', 'snom', 'snom-tbook', 'grandstream'] as const
export type PhonebookFormat = (typeof phonebookFormats)[number]

export interface PhonebookEntry extends CallerName {
  readonly numbers: readonly string[]
}

interface PhonebookWriter {
  readonly opening: string
  readonly entry: (name: string, numbers: readonly string[]) => string
  readonly closing: string
}

/** Yealink's XML phone book and Snom's minibrowser differ by the name of the root alone. */
function directoryWriter(root: string): PhonebookWriter {
  return {
    opening: `<${root}>`,
    entry: (name, numbers) => {
      const telephones = numbers.map((number) => `<Telephone>${number}</Telephone>`)
      return `<DirectoryEntry><Name>${name}</Name>${telephones.join('')}</DirectoryEntry>`
    },
    closing: `</${root}>`
  }
}

const writers: Readonly<Record<PhonebookFormat, PhonebookWriter>> = {
  yealink: directoryWriter('YealinkIPPhoneDirectory'),
  snom: directoryWriter('SnomIPPhoneDirectory'),
  // `complete`: what the telephone has of an earlier one goes.
  'snom-tbook': {
    opening: '<tbook e="2" version="2.0" complete="true">',
    entry: (name, numbers) => {
      const listed = numbers.map((number) => `<number no="${number}" type="business"/>`)
      return (
        '<contact fav="false" vip="false" blocked="false">' +
        `<first_name>${name}</first_name><last_name></last_name><numbers>${listed.join('')}</numbers></contact>`
      )
    },
    closing: '</tbook>'
  },
  grandstream: {
    opening: '<AddressBook>',
    entry: (name, numbers) => {
      const phones = numbers.map(
        (number) =>
          `<Phone type="Work"><phonenumber>${number}</phonenumber><accountindex>0</accountindex></Phone>`
      )
      return `<Contact><FirstName>${name}</FirstName>${phones.join('')}</Contact>`
    },
    closing: '</AddressBook>'
  }
}

export interface PhonebookOptions {
  readonly format: PhonebookFormat
  /** Part of a name or of a number; absent: all. */
  readonly q?: string
  /** Entries at the most, the first by name. */
  readonly limit: number
  readonly ascii?: boolean
}

export function userEntry({ displayName, extension, numbers }: ListedUser): PhonebookEntry {
  return { person: displayName, company: '', numbers: [extension, ...numbers] }
}

export async function writePhonebook(
  entries: AsyncIterable<PhonebookEntry>,
  { format, q, limit, ascii = false }: PhonebookOptions
): Promise<string> {
  const part = q === undefined ? null : fold(q)
  // As it is dialled at home: the numbers are kept with their country.
  const digits = q?.replace(/[\s()-]/g, '').replace(/^0+/, '') ?? ''
  const found: { readonly name: string; readonly numbers: readonly string[] }[] = []
  for await (const entry of entries) {
    const name = formatName(entry, { ascii })
    const isMeant =
      part === null ||
      fold(formatName(entry)).includes(part) ||
      (digits !== '' && entry.numbers.some((number) => number.includes(digits)))
    if (isMeant && entry.numbers.length > 0) found.push({ name, numbers: entry.numbers })
  }
  const { compare } = new Intl.Collator('sv')
  found.sort((one, other) => compare(one.name, other.name))
  const { opening, entry, closing } = writers[format]
  const slice = new Slice()
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', opening]
  for (const { name, numbers } of found.slice(0, limit)) {
    lines.push(entry(escapeXml(name), numbers.map(escapeXml)))
    if (slice.isOver()) await slice.next()
  }
  return `${[...lines, closing].join('\n')}\n`
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;'
}

/** Without what XML 1.0 cannot hold at all. */
function escapeXml(text: string): string {
  return text.replace(/[\p{Cc}\uFFFE\uFFFF]/gu, '').replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
}
