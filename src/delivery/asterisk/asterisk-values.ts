/** What is set in Asterisk for one Status: the presence with its text, the lamp, and what the dialplan reads. */
import type { ConsumerStatus } from '../consumer.ts'
import type { AsteriskSettings, PresenceState } from './asterisk-settings.ts'

/** Seconds for which an end that nobody knows is put off: renewed daily, and over by itself when Hanvisa is gone. */
const leaseS = 26 * 3_600
/** Milliseconds after which it is renewed. */
export const leaseRefreshMs = 24 * 3_600_000
/** Bytes of a text: with base64 and its line's other parts it stays below the 1,024 that Asterisk reads. */
const maxTextBytes = 400

export function presenceStateOf(
  { phone, diversion }: Pick<ConsumerStatus, 'phone' | 'diversion'>,
  map: AsteriskSettings['map']
): PresenceState {
  if (phone === 'open') return 'available'
  return map[diversion] ?? map['*'] ?? 'away'
}

/**
 * Always base64 with the option `e`: of a text with a comma Asterisk takes what follows for options, finds an `e` in it, and
 * decodes the rest to garbage.
 */
export function presenceValue(
  state: PresenceState,
  { diversion, label }: { diversion: string; label: string }
): string {
  return `${state},${encode(diversion)},${encode(label)},e`
}

function encode(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxTextBytes) return bytes.toString('base64')
  // At the end of a character.
  return Buffer.from(
    bytes
      .subarray(0, maxTextBytes)
      .toString('utf8')
      .replace(/\uFFFD+$/, '')
  ).toString('base64')
}

/** What the dialplan reads of a closed phone: `until`, epoch seconds, is always there. */
export function databaseEntries(
  { diversion, label, reachableAt }: Pick<ConsumerStatus, 'diversion' | 'label' | 'reachableAt'>,
  now: number
): readonly (readonly [key: string, value: string])[] {
  const back = reachableAt === null ? null : Math.floor(Date.parse(reachableAt) / 1000)
  return [
    ['diversion', diversion],
    ['label', cut(label)],
    ['back', back === null ? '' : `${back}`],
    // Last: what is half written does not divert.
    ['until', `${back ?? Math.floor(now / 1000) + leaseS}`]
  ]
}

/** One line, as the database and the dialplan have it. */
function cut(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is left out
  return Buffer.from(text.replace(/[\u0000-\u001F\u007F]/g, ' '))
    .subarray(0, maxTextBytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
}
