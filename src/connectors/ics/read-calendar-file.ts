/** Reads a calendar file: whole, as one moment left it, and never more than the limit. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { RemoteError } from '../../errors.ts'
import { resolveCalendarFile } from './calendar-source.ts'

/** A calendar as it came. */
export interface FetchedCalendar {
  readonly bytes: Buffer
  /** By Content-Type; null for a file. */
  readonly charset: string | null
  readonly etag: string | null
  /** Of Content-Type, lower case; '' for a file. */
  readonly mediaType: string
}

export async function readCalendarFile(
  path: string,
  folder: string,
  known: string | undefined,
  limit: number
): Promise<FetchedCalendar | 'unchanged'> {
  try {
    // Without O_NONBLOCK a pipe among the files would hang the service.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const handle = await open(await resolveCalendarFile(path, folder), flags)
    try {
      return await readWhole(handle, known, limit)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof RemoteError ? error : faultOf(error)
  }
}

async function readWhole(
  handle: FileHandle,
  known: string | undefined,
  limit: number
): Promise<FetchedCalendar | 'unchanged'> {
  const before = await versionOf(handle)
  if (before.version === known) return 'unchanged'
  if (!before.isFile) {
    throw new RemoteError(
      'mailbox_unknown',
      "The user's mailbox names something that is no file: correct it."
    )
  }
  if (before.size > limit) throw tooLarge('The calendar file', limit)
  const buffer = Buffer.allocUnsafeSlow(before.size + 1)
  let size = 0
  while (size < buffer.length) {
    const { bytesRead } = await handle.read(buffer, size, buffer.length - size, size)
    if (bytesRead === 0) break
    size += bytesRead
  }
  const after = await versionOf(handle)
  // Written to meanwhile: what was read counts for now, and is read again at the next turn.
  const steady = after.version === before.version && size === before.size
  return {
    bytes: buffer.subarray(0, size),
    charset: null,
    etag: steady ? before.version : null,
    mediaType: ''
  }
}

async function versionOf(handle: FileHandle): Promise<{ version: string; size: number; isFile: boolean }> {
  const stat = await handle.stat({ bigint: true })
  return {
    version: `${stat.mtimeNs}-${stat.size}-${stat.ino}`,
    size: Number(stat.size),
    isFile: stat.isFile()
  }
}

/** Publishers put all the years of a calendar into its address. */
export function tooLarge(what: string, maxBytes: number): RemoteError {
  return new RemoteError(
    'protocol_error',
    `${what} is larger than ${Math.round(maxBytes / 1e5) / 10} MB, all its years included, and was not read: move or delete past events, publish a shorter time, or publish another calendar for this.`
  )
}

function faultOf(error: unknown): RemoteError {
  const code = (error as { code?: unknown }).code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new RemoteError(
      'mailbox_unknown',
      "There is no such file in the tenant's calendar folder: put it there, or correct the user's mailbox."
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new RemoteError(
      'access_denied',
      'The service may not read the calendar file: grant its account the right.'
    )
  }
  if (code === 'ELOOP' || code === 'ENAMETOOLONG') {
    return new RemoteError('mailbox_unknown', 'The mailbox names no readable file: correct the name.')
  }
  return new RemoteError(
    'unreachable',
    `The calendar file could not be read (${String(code ?? 'unknown')}): check the disk of the data folder.`,
    { cause: error }
  )
}
