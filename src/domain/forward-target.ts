/** Forward targets: `>0701234567` in a subject, and which numbers the rules let through. */

/** At least two digits: `> 5 personer` is no number. The bound keeps every subject fast. */
const firstGroup = />\p{White_Space}*([+(]?[0-9][0-9()./-]{1,30})(?![\p{L}\p{N}])/u

/** What may follow the first group of a number written in groups: `+46 (0)70-123 45 67`. A time (`12.30`) does not. */
const nextGroup = /[ \u00a0]+(?:\(0\) ?)?[0-9]{1,4}(?:-[0-9]{2,4})?(?![\p{L}\p{N}.:/-])/uy

/** More digits than a first group has: the number is written in one. */
const MIN_UNGROUPED_DIGITS = 8

/** The number that a normalized subject names, as E.164 (`+46701234567`) or as it is dialled (`0701234567`, `1075`). */
export function findForwardTarget(subject: string): string | null {
  if (!subject.includes('>')) return null
  const first = firstGroup.exec(subject)
  if (first === null) return null
  let written = first[1]!
  // Extensions are not written in groups: what follows `>1075` is something else.
  const isGrouped = /^[+(0]/.test(written) && written.replace(/[^0-9]/g, '').length < MIN_UNGROUPED_DIGITS
  if (isGrouped) {
    nextGroup.lastIndex = first.index + first[0].length
    for (let group = nextGroup.exec(subject); group !== null; group = nextGroup.exec(subject))
      written += group[0]
  }
  return normalizeNumber(written)
}

/**
 * Digits alone, with a + first where it is E.164: `00` is the international prefix, and `(0)` the trunk digit that is left
 * out from abroad (ITU-T E.123). Null: no number.
 */
export function normalizeNumber(written: string): string | null {
  const number = written
    .trim()
    .replace(/\(0\)/g, '')
    .replace(/[ \u00a0()./-]/g, '')
    .replace(/^00/, '+')
  return /^\+?[0-9]{1,15}$/.test(number) ? number : null
}

export function normalizePrefixes(prefixes: readonly string[]): readonly string[] {
  return prefixes.flatMap((prefix) => normalizeNumber(prefix) ?? [])
}
