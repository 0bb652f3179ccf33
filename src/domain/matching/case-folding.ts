/** Case and letters exactly as `RegExp` with the flags `iu` has them, in tables, so that matching need not ask it. */

const CODE_UNITS = 0x10000

/** Below this every code unit is its own NFC form: the first combining mark is U+0300. */
export const FIRST_COMBINING = 0x300
/** The one format character (`\p{Cf}`) below that. */
const SOFT_HYPHEN = 0xad

export const SPACE = 0x20

const isLetterPattern = /^[\p{L}\p{N}\p{M}]$/u
const isSpacePattern = /^\p{White_Space}$/u
/** Whether two characters are equal by `iu`. A pattern for each of them would have to be compiled. */
const isSameLetter = /^(.)\1$/isu

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** By code unit: the smallest code unit that `iu` holds equal to it. */
const folds = new Uint16Array(CODE_UNITS)
/** By code unit: 1 for `[\p{L}\p{N}\p{M}]`, which ends no word. */
export const letters = new Uint8Array(CODE_UNITS)
/** The same as `folds`, but that any white space is SPACE. */
export const wordFolds = new Uint16Array(CODE_UNITS)

fillTables()

/**
 * `iu` compares by Unicode's simple case folding. JavaScript offers no such function, so other characters with the
 * same upper or lower case are proposed as equals and the regular expression itself decides (it refuses ı = I, say).
 */
function fillTables(): void {
  const firstWith = new Map<string, number>()
  for (let unit = 0; unit < CODE_UNITS; unit++) {
    folds[unit] ||= unit
    if (isSurrogate(unit)) continue
    const character = String.fromCharCode(unit)
    if (isLetterPattern.test(character)) letters[unit] = 1
    const lower = character.toLowerCase()
    const upper = character.toUpperCase()
    if (lower === character && upper === character) continue
    const sameUpper = firstWith.get(upper) ?? unit
    firstWith.set(upper, sameUpper)
    for (const other of [lower, upper, String.fromCharCode(sameUpper)]) {
      if (other.length === 1 && isSameLetter.test(character + other)) joinFolds(unit, other.charCodeAt(0))
    }
  }
  wordFolds.set(folds)
  for (let unit = 0; unit < CODE_UNITS; unit++) {
    if (isSpacePattern.test(String.fromCharCode(unit))) wordFolds[unit] = SPACE
  }
}

function joinFolds(one: number, other: number): void {
  const smallest = Math.min(folds[one] || one, folds[other] || other)
  folds[one] = smallest
  folds[other] = smallest
}

/** Whether a BMP code unit is white space (`\p{White_Space}`). */
export function isSpaceUnit(unit: number): boolean {
  return wordFolds[unit] === SPACE
}

export function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpaceUnit(unitAt(text, at))) at++
  return at
}

/** Whether a letter, digit or mark begins at the index. */
export function isLetterAt(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  if (!isSurrogate(unit)) return letters[unit] === 1
  return isLetterPattern.test(String.fromCodePoint(text.codePointAt(index)!))
}

/** Whether a letter, digit or mark ends just before the index. */
export function isLetterBefore(text: string, index: number): boolean {
  if (index === 0) return false
  const unit = text.charCodeAt(index - 1)
  const low = unit >= 0xdc00 && unit <= 0xdfff
  return isLetterAt(text, low && index > 1 ? index - 2 : index - 1)
}

/**
 * `String.prototype.charCodeAt`, for loops over every character. Looked up on the string, V8 stops inlining it as soon as any
 * class in the process extends String (ioredis has one), and the loop takes four times as long (measured, Node 20).
 */
const { charCodeAt } = String.prototype

export function unitAt(text: string, index: number): number {
  return charCodeAt.call(text, index)
}

/**
 * The text as it is matched: NFC without format characters (zero-width and direction marks, which telephones insert), and
 * the few cased letters beyond the BMP (Deseret, Adlam, …) in lower case. Most subjects are that already.
 */
export function normalize(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const unit = unitAt(text, index)
    if (unit >= FIRST_COMBINING || unit === SOFT_HYPHEN) return normalizeSlowly(text)
  }
  return text
}

function normalizeSlowly(text: string): string {
  const composed = text.replace(/\p{Cf}/gu, '').normalize('NFC')
  return /[\ud800-\udfff]/.test(composed)
    ? composed.replace(/[\u{10000}-\u{10ffff}]/gu, (character) => character.toLowerCase())
    : composed
}

/** Whether nothing of a text remains for matching. */
export function isEmptyText(text: string): boolean {
  return /^\p{White_Space}*$/u.test(normalize(text))
}

/** The text normalized, with case folded away: two texts are equal under `iu` when these are. */
export function foldCase(text: string): string {
  let result = ''
  for (const unit of unitsOf(normalize(text))) result += String.fromCharCode(folds[unit]!)
  return result
}

export function foldOf(unit: number): number {
  return folds[unit]!
}

export function* unitsOf(text: string): Generator<number> {
  for (let index = 0; index < text.length; index++) yield text.charCodeAt(index)
}
