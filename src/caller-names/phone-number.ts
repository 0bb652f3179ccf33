/** What people and switches write as a number, as E.164: accepted only where the numbering plans know it as one that can be given out. */
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max'

export interface NumberingPlan {
  /** ISO 3166: whose numbers are written without `+`. Null: nobody said, so that only those with `+` or `00` can be read. */
  readonly country: string | null
  /** What is dialled for an outside line, tried where the plain number is none. */
  readonly strip: readonly string[]
}

/** Longer than any number with an extension behind it. */
const MAX_LENGTH = 60
/** In spreadsheets and contacts several numbers stand in one place. */
const SEPARATORS = /[,;/|\n\r\t]+|\s(?:eller|el\.|or|tai|og|och)\s/iu

/** Null: it is no number of this plan. `112` and extensions are none, and neither is a number that the plan has not assigned. */
export function readPhoneNumber(text: string, { country, strip }: NumberingPlan): string | null {
  const written = text.trim()
  if (written === '' || written.length > MAX_LENGTH || /[*#[\]{}]/.test(withoutExtension(written)))
    return null
  const plain = parse(written, country)
  if (plain !== null) return plain
  for (const prefix of strip) {
    const stripped = written.startsWith(prefix) ? parse(written.slice(prefix.length), country) : null
    if (stripped !== null) return stripped
  }
  return null
}

/** `070 1234567, 08 1234567` are two. */
export function splitPhoneNumbers(text: string): string[] {
  // An extension may follow after a semicolon (RFC 3966).
  const whole = text.replace(/;\s*ext=/gi, ' ext ')
  return whole
    .split(SEPARATORS)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Whether the numbering plan of this country is known. */
export function isKnownCountry(country: string): boolean {
  return isSupportedCountry(country)
}

function parse(text: string, country: string | null): string | null {
  const parsed = parsePhoneNumberFromString(
    text,
    country === null ? {} : { defaultCountry: country as CountryCode }
  )
  if (parsed?.isValid()) return parsed.number
  // Many switches leave the `+` away, or write it as zeros: 46701234567, 00046701234567.
  const digits = /^(?:000?)?([1-9][\d\s().-]{7,})$/.exec(text)?.[1]
  if (digits === undefined) return null
  const international = parsePhoneNumberFromString(`+${digits}`)
  return international?.isValid() ? international.number : null
}

/** `#12` behind a number is an extension; in front, or with stars, it is a feature code. */
function withoutExtension(text: string): string {
  return text.replace(/(?<=\d)\s*#\d{1,7}$/, '')
}
