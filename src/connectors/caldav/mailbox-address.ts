/** How a mailbox is reached over a connection: by a name that the shared account reads, or by an address with an account of its own. */
import { RemoteError } from '../../errors.ts'
import type { CaldavConnection } from '../connection.ts'
import type { MailboxAddress } from './discovery/calendar-locator.ts'
import { presetTemplate } from './presets.ts'

const ownCalendar = "The user's calendar"

/** `serviceUrl` is the server's address, known or found; null with an account for each user. Throws RemoteError `mailbox_unknown`. */
export function mailboxAddressOf(
  mailbox: string,
  connection: CaldavConnection,
  serviceUrl: string | null
): MailboxAddress {
  const { auth, preset, userUrl } = connection
  if (auth === undefined || serviceUrl === null) return perUserAddress(mailbox)
  const account = { user: auth.user, password: auth.password, isShared: true }
  if (!mailbox.includes('://')) {
    const template = userUrl ?? (preset === undefined ? null : presetTemplate(preset, serviceUrl))
    return { account, url: serviceUrl, mailbox, template, shownUser: mailbox }
  }
  const url = parseUrl(mailbox)
  if (url.username !== '' || url.password !== '')
    throw refuse(
      'holds a name and password, and the connection signs in with its own account: leave them out, or set "access" to perUser'
    )
  // Whoever writes users must not be able to have the account's password sent elsewhere.
  if (url.origin !== new URL(serviceUrl).origin)
    throw refuse(
      'names another server than the connection: the password is sent to that of the connection alone'
    )
  return { account, url: url.href, mailbox: null, template: null, shownUser: ownCalendar }
}

function perUserAddress(mailbox: string): MailboxAddress {
  if (!mailbox.includes('://'))
    throw refuse(
      'is no address: write https://name:password@server/, since the connection has no account of its own (access perUser)'
    )
  const url = parseUrl(mailbox)
  const [user, password] = [decode(url.username), decode(url.password)]
  if (user === '' || password === '')
    throw refuse(
      'holds no name and password: write https://name:password@server/, with characters such as @ and / percent-encoded'
    )
  url.username = ''
  url.password = ''
  return {
    account: { user, password, isShared: false },
    url: url.href,
    mailbox: null,
    template: null,
    shownUser: ownCalendar
  }
}

function parseUrl(mailbox: string): URL {
  const url = URL.canParse(mailbox) ? new URL(mailbox) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw refuse('is no address that can be read: it begins with https://')
  url.hash = ''
  url.search = ''
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `why` completes "The user's mailbox …"; never with any of it. */
function refuse(why: string): RemoteError {
  return new RemoteError('mailbox_unknown', `The user's mailbox ${why}.`)
}
