/** Which name a number is shown under where several contacts have it, and how a name is cut to what a telephone shows. */
import type { Instant } from './calendar-event.ts'

/** A contact that has the number in question. */
export interface NameCandidate {
  /** Empty: the company alone is known. */
  readonly person: string
  readonly company: string
  /** Whether the number is the company's and not the person's own. */
  readonly isMainNumber: boolean
  readonly changedAt: Instant
}

export type CallerName = Pick<NameCandidate, 'person' | 'company'>

/** So many contacts of one company under one number: it is the company's, and any one of them would probably be wrong. */
const COLLEAGUES = 3

/** Null where there is no candidate. The same whatever their order. */
export function chooseName(candidates: readonly NameCandidate[]): CallerName | null {
  const distinct = [...candidates].sort(compareCandidates).filter(isFirstOfItsName)
  const company = findSharedCompany(distinct)
  if (company !== null) return { person: '', company }
  const [first] = distinct
  return first === undefined ? null : { person: first.person, company: first.company }
}

/** A person before a company, a number of their own before the company's, the newest, then by name. */
function compareCandidates(one: NameCandidate, other: NameCandidate): number {
  const isCompany = ({ person }: NameCandidate) => (person === '' ? 1 : 0)
  return (
    isCompany(one) - isCompany(other) ||
    Number(one.isMainNumber) - Number(other.isMainNumber) ||
    other.changedAt - one.changedAt ||
    compareText(fold(one), fold(other))
  )
}

/** The same person in several folders. */
function isFirstOfItsName(one: NameCandidate, index: number, all: readonly NameCandidate[]): boolean {
  return all.findIndex((other) => fold(other) === fold(one)) === index
}

function findSharedCompany(candidates: readonly NameCandidate[]): string | null {
  const counts = new Map<string, { readonly company: string; count: number }>()
  for (const { person, company } of candidates) {
    if (person === '' || company === '') continue
    const key = foldText(company)
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { company, count: 1 })
    else known.count += 1
  }
  return [...counts.values()].find(({ count }) => count >= COLLEAGUES)?.company ?? null
}

function fold({ person, company }: CallerName): string {
  return `${foldText(person)}\n${foldText(company)}`
}

function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

export interface NameFormat {
  /** Characters that the telephone shows; absent: any number. */
  readonly maxLength?: number
  /** For sets and lines that show ASCII alone. */
  readonly ascii?: boolean
}

/** `Karin Berg, Acme AB`, on one line. */
export function formatName(
  { person, company }: CallerName,
  { maxLength, ascii = false }: NameFormat = {}
): string {
  const whole = [person, company]
    .map(toOneLine)
    .filter((part) => part !== '')
    .join(', ')
  const written = ascii ? toAscii(whole) : whole
  return maxLength === undefined ? written : cutAtWord(written, maxLength)
}

/** Control and format characters would break an answer of one line, or turn its direction. */
function toOneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
}

/** A letter counts as one, however it is composed. */
function cutAtWord(text: string, maxLength: number): string {
  const characters = [...text.normalize('NFC')]
  if (characters.length <= maxLength) return characters.join('')
  const cut = characters.slice(0, maxLength).join('')
  const word =
    characters[maxLength] === ' ' || characters[maxLength] === ',' ? cut : cut.replace(/\s+\S*$/u, '')
  return word.replace(/[\s,;.&+/-]+$/u, '') || cut
}

const LETTERS: Readonly<Record<string, string>> = {
  æ: 'ae',
  Æ: 'AE',
  ø: 'o',
  Ø: 'O',
  ß: 'ss',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'Th',
  ł: 'l',
  Ł: 'L',
  œ: 'oe',
  Œ: 'OE',
  '’': "'",
  '–': '-'
}

/** `Åke Sjöö` as `Ake Sjoo`. What has no Latin letter is a question mark. */
function toAscii(text: string): string {
  const plain = text.normalize('NFD').replace(/\p{M}+/gu, '')
  return [...plain].map((letter) => (/^[ -~]$/.test(letter) ? letter : (LETTERS[letter] ?? '?'))).join('')
}
