/** Who matches what one types, in which order, and under which heading: of 5,000 people within a frame. */
import type { Status } from '../api/client.ts'

export type ListItem =
  | { readonly kind: 'person'; readonly status: Status }
  | { readonly kind: 'heading'; readonly label: string; readonly count: number }

export interface FindPeopleOptions {
  readonly query: string
  readonly phone: 'all' | 'open' | 'closed'
  readonly isGrouped: boolean
  /** Codes in the catalogue's order. */
  readonly order: readonly string[]
  readonly language: string
}

/** Lower case without diacritics, so that `asa` finds Åsa. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

const haystacks = new WeakMap<Status, string>()
function haystackOf(status: Status): string {
  let haystack = haystacks.get(status)
  if (haystack === undefined) {
    haystack = ` ${fold(`${status.displayName} ${status.extension} ${status.user}`)}`
    haystacks.set(status, haystack)
  }
  return haystack
}

/** Every word of the query begins a word, or is part of an extension. */
function matchesQuery(status: Status, words: readonly string[]): boolean {
  const haystack = haystackOf(status)
  return words.every(
    (word) => haystack.includes(` ${word}`) || (/^[\d+]+$/.test(word) && status.extension.includes(word))
  )
}

export function findPeople(
  statuses: ReadonlyMap<string, Status>,
  { query, phone, isGrouped, order, language }: FindPeopleOptions
): readonly ListItem[] {
  const words = fold(query)
    .split(/\s+/)
    .filter((word) => word !== '')
  const found: Status[] = []
  for (const status of statuses.values()) {
    if (phone !== 'all' && status.phone !== phone) continue
    if (words.length === 0 || matchesQuery(status, words)) found.push(status)
  }
  const { compare } = new Intl.Collator(language, { numeric: true })
  found.sort(
    (one, other) => compare(one.displayName, other.displayName) || compare(one.extension, other.extension)
  )
  if (!isGrouped) return found.map((status) => ({ kind: 'person', status }))
  const groups = new Map<string, Status[]>()
  for (const status of found) {
    const group = groups.get(status.diversion)
    if (group === undefined) groups.set(status.diversion, [status])
    else group.push(status)
  }
  const rank = new Map(order.map((code, index) => [code, index]))
  return [...groups]
    .sort(([one], [other]) => (rank.get(one) ?? order.length) - (rank.get(other) ?? order.length))
    .flatMap(([, members]): ListItem[] => [
      { kind: 'heading', label: members[0]?.label ?? '', count: members.length },
      ...members.map((status) => ({ kind: 'person' as const, status }))
    ])
}
