/** The catalogue of diversions (hänvisningar) that a tenant's switch knows. */

export const phones = ['open', 'closed'] as const
/** Whether calls reach the person while the diversion holds. */
export type Phone = (typeof phones)[number]

/** What holds when nothing else does. It is in every catalogue. */
export const AVAILABLE = 'available'

/** What is shown for a stored code that the present catalogue has no longer, until the calendar is read again. */
export const STAND_IN = 'busy'

export interface Diversion {
  readonly code: string
  /** By language tag: `{ "sv": "Möte", "en": "Meeting" }`. */
  readonly labels: Readonly<Record<string, string>>
  readonly phone: Phone
  /** The RPID activity (RFC 4480) that presence documents carry, where one fits. */
  readonly activity?: string
}

/** Bokmål is written both ways in the field; a tenant that says one is served by a label that says the other. */
const sameLanguage: Readonly<Record<string, string>> = { no: 'nb', nb: 'no', nn: 'nb' }

/** The label in the language, else in a near one, else in English, else in Swedish, else any, else the code. */
export function labelOf(diversion: Diversion, language: string): string {
  const { labels } = diversion
  const base = language.split('-')[0] ?? language
  for (const tag of [language, base, sameLanguage[base], 'en', 'sv']) {
    const label = tag === undefined ? undefined : labels[tag]
    if (label !== undefined) return label
  }
  return Object.values(labels)[0] ?? diversion.code
}
