/**
 * What is published of one user: presence as PIDF (RFC 3863) with RPID (RFC 4480), and a dialog (RFC 4235) that lights the lamps
 * of the phones that watch it.
 */
import { formatInstant } from '../../lib/rfc3339.ts'
import type { ConsumerStatus } from '../consumer.ts'

export interface DocumentOptions {
  /** The address of record, `sip:1070@example.se`. */
  readonly entity: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly language: string
  /** `open`: closed is not said. */
  readonly basic: 'phone' | 'open'
}

/**
 * Readers compare text: baresip and FreeSWITCH look for the very prefixes `dm:` and `rpid:`, and for elements that close
 * themselves; Snom shows the note of the tuple, others that of the person.
 */
export function presenceDocument(status: ConsumerStatus, options: DocumentOptions): string {
  const { entity, at, language, basic } = options
  const isOpen = basic === 'open' || status.phone === 'open'
  const note =
    status.label === '' ? '' : `note xml:lang="${escapeXml(language)}">${escapeXml(status.label)}</`
  const activity = status.activity === null ? '' : `<rpid:${status.activity}/>`
  const from = status.since === null ? '' : ` from="${escapeXml(status.since)}"`
  const until = status.until === null ? '' : ` until="${escapeXml(status.until)}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" ',
    `xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${escapeXml(entity)}">`,
    // The same id always: of two documents with the same one a server shows the newer, of two with different ones both.
    `<tuple id="hanvisa"><status><basic>${isOpen ? 'open' : 'closed'}</basic></status>`,
    note === '' ? '' : `<${note}note>`,
    `<timestamp>${formatInstant(Math.floor(at / 1000) * 1000)}</timestamp></tuple>`,
    '<dm:person id="p-hanvisa">',
    activity === '' ? '<rpid:activities/>' : `<rpid:activities${from}${until}>${activity}</rpid:activities>`,
    note === '' ? '' : `<dm:${note}dm:note>`,
    '</dm:person></presence>\n'
  ].join('')
}

/** A dialog that is confirmed while calls do not reach the user. */
export function dialogDocument(
  phone: ConsumerStatus['phone'],
  { entity, at }: Pick<DocumentOptions, 'entity' | 'at'>
): string {
  const state = phone === 'open' ? 'terminated' : 'confirmed'
  // The version must grow; seconds do.
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${Math.floor(at / 1000) % 2 ** 31}" `,
    `state="full" entity="${escapeXml(entity)}">`,
    `<dialog id="hanvisa-${escapeXml(userOf(entity))}" direction="recipient"><state>${state}</state></dialog>`,
    '</dialog-info>\n'
  ].join('')
}

/** `1070` of `sip:1070@example.se`. */
function userOf(entity: string): string {
  return entity.slice(4, entity.indexOf('@'))
}

/** What XML 1.0 cannot hold is left out. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"'\n\r\t]/g, (character) => `&#${character.codePointAt(0)};`)
}
