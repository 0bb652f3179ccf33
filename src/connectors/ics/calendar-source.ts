/** What a mailbox of kind `ics` names: a calendar's URL, or a file below the tenant's folder. */
import { realpath } from 'node:fs/promises'
import { isAbsolute, join, normalize, sep } from 'node:path'
import { RemoteError } from '../../errors.ts'

export type CalendarSource =
  | {
      readonly kind: 'url'
      readonly url: string
      readonly authorization: string | null
      readonly host: string
      /** It was written as webcal://, which stands for https:// here. */
      readonly isWebcal: boolean
    }
  /** Not resolved yet: symbolic links are followed when the file is read. */
  | { readonly kind: 'file'; readonly path: string }

/** The source that a mailbox names. Throws RemoteError `mailbox_unknown`, which repeats none of it. */
export function parseCalendarSource(mailbox: string, folder: string): CalendarSource {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(mailbox)?.[1]?.toLowerCase()
  return scheme === undefined ? parseFileSource(folder, mailbox) : parseUrlSource(mailbox, scheme)
}

const schemes: Readonly<Record<string, string>> = {
  http: 'http',
  https: 'https',
  webcal: 'https',
  webcals: 'https'
}

function parseUrlSource(mailbox: string, scheme: string): CalendarSource {
  const http = schemes[scheme]
  const text = http === undefined ? null : `${http}${mailbox.slice(scheme.length)}`
  if (text === null || !URL.canParse(text)) {
    throw mailboxUnknown(
      'The mailbox is no address of a calendar: it begins with https:// or webcal:// and names a host.'
    )
  }
  const url = new URL(text)
  const { username, password, host } = url
  url.username = ''
  url.password = ''
  url.hash = ''
  const named = username !== '' || password !== ''
  const pair = `${decodePercent(username)}:${decodePercent(password)}`
  const authorization = named ? `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` : null
  return { kind: 'url', url: url.href, authorization, host, isWebcal: scheme.startsWith('webcal') }
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parseFileSource(folder: string, mailbox: string): CalendarSource {
  const parts = mailbox.split(/[/\\]/)
  const outside = isAbsolute(mailbox) || /^[a-z]:/i.test(mailbox) || parts.includes('..')
  if (mailbox.trim() === '' || mailbox.includes('\0') || outside) {
    throw mailboxUnknown(
      'The mailbox names no file below the tenant\'s calendar folder: write a name such as anna.ics, without a leading "/" and without "..".'
    )
  }
  return { kind: 'file', path: join(folder, normalize(mailbox)) }
}

/** The file itself, where no link leads out of the folder. Throws RemoteError, or what the file system says. */
export async function resolveCalendarFile(path: string, folder: string): Promise<string> {
  const [root, file] = await Promise.all([realpath(folder), realpath(path)])
  if (file === root) throw mailboxUnknown('The mailbox names a folder: write the name of a file in it.')
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new RemoteError(
      'access_denied',
      "The calendar file is a link that leads out of the tenant's calendar folder: put the file itself there."
    )
  }
  return file
}

function mailboxUnknown(hint: string): RemoteError {
  return new RemoteError('mailbox_unknown', hint)
}
