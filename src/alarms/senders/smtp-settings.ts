/** The mail relay of the installation, as the settings name it. */

export interface SmtpSettings {
  readonly host: string
  readonly port: number
  /** TLS from the first byte (port 465), not by STARTTLS. */
  readonly secure: boolean
  readonly auth: { readonly user: string; readonly pass: string } | null
  /** Nothing is sent unless STARTTLS succeeds. */
  readonly requireTls: boolean
  readonly from: { readonly name: string; readonly address: string }
}

/** One address: no white space, no sign that lists or names addresses, ASCII before the `@` (RFC 5321 section 4.1.2; RFC 6531 is rare). */
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[^\s,;:<>"()[\]@\\\p{C}]{1,253}$/u
const MAX_ADDRESS = 254

/** Whether it is one e-mail address: a list, a group or a line break in it would reach others (docs/decisions.md). */
export function isEmailAddress(text: string): boolean {
  if (text.length > MAX_ADDRESS || !ADDRESS.test(text)) return false
  const local = text.slice(0, text.indexOf('@'))
  const domain = text.slice(text.indexOf('@') + 1)
  return local.length <= 64 && /^[^.-].*\.[^.]{2,}$/.test(domain) && !domain.includes('..')
}

/** The relay, or what is wrong with the settings, each as its sentence goes on from the setting's name. */
export function parseSmtp(
  url: string,
  from: string | null,
  requireTls: string | null
): { readonly smtp: SmtpSettings | null; readonly faults: readonly (readonly [string, string])[] } {
  const faults: (readonly [string, string])[] = []
  const parsed = URL.canParse(url) ? new URL(url) : null
  const isSmtp = parsed !== null && (parsed.protocol === 'smtp:' || parsed.protocol === 'smtps:')
  if (!isSmtp || parsed.hostname === '' || parsed.search !== '' || !/^\/?$/.test(parsed.pathname)) {
    faults.push([
      'HANVISA_SMTP_URL',
      'must be like smtp://user:password@mail.example.com:587, or smtps://… with port 465; of user and password, percent-encode what is no letter or digit'
    ])
  }
  const sender = parseFrom(from ?? '')
  if (sender === null) {
    faults.push([
      'HANVISA_MAIL_FROM',
      'is needed with HANVISA_SMTP_URL: an address such as alarms@example.com, or Hanvisa <alarms@example.com>'
    ])
  }
  if (requireTls !== null && requireTls !== '0' && requireTls !== '1') {
    faults.push(['HANVISA_SMTP_REQUIRE_TLS', 'must be 0 or 1'])
  }
  const user = parsed === null ? null : decoded(parsed.username)
  const pass = parsed === null ? null : decoded(parsed.password)
  if (parsed !== null && (user === null || pass === null)) {
    faults.push([
      'HANVISA_SMTP_URL',
      'has a % in user or password that is no percent-encoding: write it as %25'
    ])
  }
  if (faults.length > 0 || parsed === null || sender === null || user === null || pass === null) {
    return { smtp: null, faults }
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const port = parsed.port === '' ? (parsed.protocol === 'smtps:' ? 465 : 587) : Number(parsed.port)
  const isLoopback = host === 'localhost' || host === '::1' || /^127\./.test(host)
  const secure = parsed.protocol === 'smtps:' || port === 465
  return {
    smtp: {
      host,
      port,
      secure,
      auth: user === '' ? null : { user, pass },
      requireTls: requireTls === null ? !isLoopback : requireTls === '1',
      from: sender
    },
    faults
  }
}

/** `alarms@example.com`, or with a name before it in the brackets. */
function parseFrom(text: string): SmtpSettings['from'] | null {
  const named = /^([^<>"\p{C}]{1,100}?)\s*<([^<>]+)>$/u.exec(text)
  const address = named?.[2] ?? text
  return isEmailAddress(address) ? { name: named?.[1]?.trim() ?? 'Hanvisa', address } : null
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
