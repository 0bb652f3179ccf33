/** A user as operators write and read them. */
import type { OfficeHours } from '../domain/hours/office-hours.ts'
import type { Trigger } from '../domain/rule-set.ts'
import type { User } from '../storage/store.ts'

/** A user's own triggers. */
export const MAX_USER_TRIGGERS = 100

/** What a user is. Null or absent: none. */
export interface UserFields {
  readonly displayName: string
  readonly extension: string
  readonly numbers?: readonly string[]
  /** The calendar's owner, or with `ics` its URL or file. */
  readonly mailbox?: string | null
  /** With `ics`: the e-mail address of the calendar's owner, where the calendar does not tell. */
  readonly owner?: string | null
  readonly syncEnabled: boolean
  readonly timeZone?: string | null
  readonly officeHours?: OfficeHours | null
  readonly triggers?: readonly Trigger[]
}

export interface PutUserBody extends UserFields {
  /** The id, where it is stated once more. */
  readonly user?: string
}

/** What is left out stays; null takes away (RFC 7396). */
export interface PatchUserBody {
  readonly user?: string
  readonly displayName?: string
  readonly extension?: string
  readonly numbers?: readonly string[] | null
  readonly mailbox?: string | null
  readonly owner?: string | null
  readonly syncEnabled?: boolean
  readonly timeZone?: string | null
  readonly officeHours?: OfficeHours | null
  readonly triggers?: readonly Trigger[] | null
}

/** A mailbox that is a URL is shown by its host alone. */
export interface UserResponse extends UserFields {
  readonly user: string
}

/** What is absent is left out, so that it reads as it was written. */
export function toUserResponse(user: User): UserResponse {
  const { id, displayName, extension, numbers, owner, syncEnabled, timeZone, officeHours, triggers } = user
  const mailbox = shownMailbox(user)
  return {
    user: id,
    displayName,
    extension,
    ...(numbers.length > 0 && { numbers }),
    ...(mailbox !== null && { mailbox }),
    ...(owner !== null && { owner }),
    syncEnabled,
    ...(timeZone !== null && { timeZone }),
    ...(officeHours !== undefined && { officeHours }),
    ...(triggers.length > 0 && { triggers })
  }
}

/** The user's members with those of the patch in their place. */
export function patchUser(user: User, { user: _, ...patch }: PatchUserBody): UserFields {
  const { user: __, ...fields } = toUserResponse(user)
  const { numbers, triggers, ...rest } = patch
  return {
    ...fields,
    ...rest,
    ...(numbers !== undefined && { numbers: numbers ?? [] }),
    ...(triggers !== undefined && { triggers: triggers ?? [] })
  }
}

/** The mailbox as it is given out. */
export function shownMailbox(user: User | null): string | null {
  const mailbox = user?.mailbox ?? null
  if (mailbox === null) return null
  return 'address' in mailbox ? mailbox.address : mailbox.shown
}
