/** Statuses that are asked for by filter, by page, or at another instant than now. */
import type { Instant } from '../domain/calendar-event.ts'
import { statusAt } from '../domain/status.ts'
import { Slice, sortInSlices } from '../lib/time-slices.ts'
import { compareExtensions, pickShownUser } from './extension-status.ts'
import type { Status } from './status-members.ts'
import { timelineFor, toStatus, type UserState } from './user-state.ts'
import type { StatusFormat, ViewMoment } from './view-moment.ts'

export interface StatusFilter {
  readonly diversion?: ReadonlySet<string>
  readonly phone?: ReadonlySet<string>
  /** Extensions and numbers. */
  readonly extension?: ReadonlySet<string>
  /** Part of a name, an extension or a number; case is ignored. */
  readonly q?: string
}

export interface StatusSearch extends StatusFormat {
  readonly filter: StatusFilter
  readonly at: Instant
  readonly limit: number
  /** The user's id, or the extension, after which the page begins. */
  readonly after?: string
}

export interface FoundStatuses {
  readonly statuses: readonly (Status | ExtensionStatus)[]
  /** There are more after this one. */
  readonly after?: string
}

export type ExtensionStatus = Status & { readonly users: readonly string[] }

/** Those who share an extension, or one user. */
interface Candidate {
  readonly key: string
  readonly users: readonly UserState[]
}

export async function findStatuses(moment: ViewMoment, search: StatusSearch): Promise<FoundStatuses> {
  const { context } = moment.in(search)
  const matches = matcherOf(search.filter)
  const found: (Status | ExtensionStatus)[] = []
  let last = ''
  const slice = new Slice()
  for (const { key, users } of await candidatesOf(moment, search)) {
    if (slice.isOver()) await slice.next()
    if (!users.some(matches)) continue
    const user = users.length === 1 ? users[0]! : pickShownUser(users, search.at)!
    const fields = statusAt(timelineFor(user, context, search.audience), search.at)
    if (search.filter.phone && !search.filter.phone.has(fields.phone)) continue
    const status = toStatus(user, fields, context, moment.now)
    if (search.filter.diversion && !search.filter.diversion.has(status.diversion)) continue
    if (found.length === search.limit) return { statuses: found, after: last }
    found.push(search.by === 'user' ? status : { users: users.map(({ id }) => id), ...status })
    last = key
  }
  return { statuses: found }
}

async function candidatesOf(
  moment: ViewMoment,
  { by, after = '' }: StatusSearch
): Promise<Iterable<Candidate>> {
  if (by === 'user') return eachUser(moment.users, after)
  const groups = await moment.groupByExtension()
  return eachExtension(groups, await sortInSlices([...groups.keys()], compareExtensions), after)
}

function* eachUser(users: readonly UserState[], after: string): Generator<Candidate> {
  for (const user of users) if (user.id > after) yield { key: user.id, users: [user] }
}

function* eachExtension(
  groups: ReadonlyMap<string, readonly UserState[]>,
  sorted: readonly string[],
  after: string
): Generator<Candidate> {
  for (const key of sorted) if (key > after) yield { key, users: groups.get(key)! }
}

function matcherOf({ extension, q }: StatusFilter): (user: UserState) => boolean {
  const part = q === undefined ? null : fold(q)
  return (user) => {
    if (extension && !extension.has(user.extension) && !user.numbers.some((one) => extension.has(one))) {
      return false
    }
    if (part === null) return true
    return [user.displayName, user.extension, ...user.numbers].some((text) => fold(text).includes(part))
  }
}

/** As an attendant types it: whatever the case, composed or not. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
