/** The catalogue of diversions (hänvisningar) that a tenant's switch knows. */

export const phones = ['open', 'closed'] as const
/** Whether calls reach the person while the diversion holds. */
export type Phone = (typeof phones)[number]

/** What holds when nothing else does. It is in every catalogue. */
export const AVAILABLE = 'available'

/** What is shown for a stored code that the present catalogue has no longer, until the calendar is read again. */
export const FALLBACK_CODE = 'busy'

export interface Diversion {
  readonly code: string
  /** By language tag: `{ "sv": "Möte", "en": "Meeting" }`. */
  readonly labels: Readonly<Record<string, string>>
  readonly phone: Phone
  /** The RPID activity (RFC 4480) that presence documents carry, where one fits. */
  readonly activity?: string
  /** When an override of this diversion ends that is set without an end; `manual` unless stated. */
  readonly overrideEnds?: OverrideEnds
  /** Who may not see sensitive diversions is shown another in its place (mask.ts). */
  readonly sensitive?: boolean
}

export const overrideEndNames = ['endOfDay', 'nextOpening', 'manual'] as const
/** A number of minutes, the next midnight, the next opening of the office, or when somebody removes it. */
export type OverrideEnds = number | (typeof overrideEndNames)[number]

/** Bokmål is written both ways in the field; a tenant that says one is served by a label that says the other. */
const sameLanguage: Readonly<Record<string, string>> = { no: 'nb', nb: 'no', nn: 'nb' }

/** The label in the language, else in a near one, else in English, else in Swedish, else any, else the code. */
export function labelOf({ code, labels }: Diversion, language: string): string {
  return (
    findLabel(labels, language) ??
    findLabel(labels, 'en') ??
    findLabel(labels, 'sv') ??
    Object.values(labels)[0] ??
    code
  )
}

/** Whether it has a label in the language or a near one. */
export function hasLabel({ labels }: Diversion, language: string): boolean {
  return findLabel(labels, language) !== undefined
}

function findLabel(labels: Diversion['labels'], language: string): string | undefined {
  const exact = labels[language]
  if (exact !== undefined) return exact
  // Case says nothing in a language tag (RFC 5646 section 2.1.1).
  const byTag = new Map(Object.entries(labels).map(([tag, label]) => [tag.toLowerCase(), label]))
  const tags = withShorterTags(language.toLowerCase())
  const near = sameLanguage[tags.at(-1) ?? '']
  for (const tag of near === undefined ? tags : [...tags, near]) {
    const label = byTag.get(tag)
    if (label !== undefined) return label
  }
  return undefined
}

/** The tag and those that say less, as RFC 4647 section 3.4 looks them up: `nb-no`, `nb`. */
function withShorterTags(tag: string): string[] {
  const parts = tag.split('-')
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'))
}
