/** Text that an SMS carries in one part: 160 characters of the GSM 7-bit alphabet (3GPP TS 23.038, section 6.2.1). Pure. */

const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
)
/** These count twice: an escape comes before. */
const extended = new Set('^{}\\[~]|€')
const replacements: Readonly<Record<string, string>> = {
  '–': '-',
  '—': '-',
  '−': '-',
  '…': '...',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '\u00a0': ' ',
  '\n': ' ',
  '\r': ' '
}
const maxSeptets = 160

/** One other character would have the whole text sent in UCS-2, in parts of 67. */
export function foldToGsm7(text: string): string {
  let folded = ''
  for (const sign of text.normalize('NFC')) folded += foldSign(sign)
  let septets = 0
  let end = 0
  for (const sign of folded) {
    septets += extended.has(sign) ? 2 : 1
    if (septets > maxSeptets) break
    end += sign.length
  }
  return folded.slice(0, end)
}

function foldSign(sign: string): string {
  const replaced = replacements[sign] ?? sign
  if (replaced !== sign || basic.has(sign) || extended.has(sign)) return replaced
  // `ć` is in no table, `c` is.
  const bare = sign.normalize('NFD').replace(/\p{M}/gu, '')
  return [...bare].every((one) => basic.has(one)) && bare !== '' ? bare : '?'
}
