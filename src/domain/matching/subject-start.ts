/** Where a subject begins: after white space, reply marks and tags. And whether it says that the event is cancelled. */
import { skipSpace, unitAt } from './case-folding.ts'

/**
 * Marks that mail programs put before a subject (English, German, Dutch, Swedish, Danish, Norwegian, Finnish, French), some
 * with a count: `Re[2]:`.
 */
const replyMark =
  /(?:RE|SV|VS|AW|ANTW|FWD?|VB|WG|TR|VL|COPY|KOPIA|KOPIO?)\p{White_Space}*(?:\[\d{1,4}\]\p{White_Space}*)?:\p{White_Space}*/iuy

/** As mail gateways put before a subject: `[Extern]`. */
const tag = /\[[^[\]]{1,24}\]\p{White_Space}*/uy

/** Outlook publishes and keeps such events as confirmed; servers in the Nordic languages and English write these. */
const cancelledMark = /(?:Canceled|Cancelled|Inställt|Avlyst|Aflyst|Peruutettu)\p{White_Space}*:/iuy

const COLON = ':'
const OPENING_BRACKET = 0x5b

/** The index after the reply mark or tag that stands at the index; -1 where none does. The subject is normalized. */
export function afterMark(subject: string, at: number): number {
  if (unitAt(subject, at) === OPENING_BRACKET) {
    tag.lastIndex = at
    return tag.test(subject) ? tag.lastIndex : -1
  }
  // Most subjects have no colon at all.
  if (!subject.includes(COLON, at)) return -1
  replyMark.lastIndex = at
  return replyMark.test(subject) ? replyMark.lastIndex : -1
}

export function isCancelledSubject(subject: string): boolean {
  if (!subject.includes(COLON)) return false
  for (let at = skipSpace(subject, 0); at !== -1; at = afterMark(subject, at)) {
    cancelledMark.lastIndex = at
    if (cancelledMark.test(subject)) return true
  }
  return false
}
