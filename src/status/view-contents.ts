/** What a view makes of a snapshot: every user in memory, and their transitions planned. Made in slices. */
import type { Instant } from '../domain/calendar-event.ts'
import { syncStateAt } from '../domain/sync-state.ts'
import type { Cause } from '../domain/timeline.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import type { TenantSnapshot, Vacated } from '../storage/store.ts'
import { maskedAudience, unmaskedAudience } from './audience.ts'
import { TransitionClock, type TurnedUsers } from './transition-clock.ts'
import {
  type TenantContext,
  timelineFor,
  transitionAfter,
  type UserState,
  userStateOf
} from './user-state.ts'
import { UserTable } from './user-table.ts'
import type { StatusFormat, ViewMoment } from './view-moment.ts'

export interface ViewContents {
  readonly context: TenantContext
  readonly users: UserTable
  readonly clock: TransitionClock
}

export interface ViewContentsOptions {
  readonly context: TenantContext
  readonly start: Instant
  readonly shareCause: (cause: Cause) => Cause
  readonly onPassed: (stale: boolean, from: TransitionClock) => void
}

export async function loadContents(
  { users: records }: Pick<TenantSnapshot, 'users'>,
  { context, start, shareCause, onPassed }: ViewContentsOptions
): Promise<ViewContents> {
  const users = new UserTable()
  await forEachInSlices(records, (record) =>
    users.append(userStateOf(record, context, shareCause, { at: start }))
  )
  const clock: TransitionClock = new TransitionClock({
    users,
    context,
    start,
    onPassed: (stale) => onPassed(stale, clock)
  })
  await clock.load()
  return { context, users, clock }
}

/** The changes between two contents that are not in the log: removed users, and changed sync states. */
export async function compareContents(
  before: ViewContents,
  next: ViewContents,
  isLogged: (user: string) => boolean
): Promise<{ readonly vacated: Vacated[]; readonly synced: string[] }> {
  const vacated: Vacated[] = []
  const synced: string[] = []
  await forEachInSlices(before.users.inOrder(), (known) => {
    const { id, extension } = known
    if (isLogged(id)) return
    const user = next.users.get(id)
    if (user === undefined) vacated.push({ user: id, extension })
    else if (!hasSameSync(known, before.context, user, next.context, next.clock.now)) synced.push(id)
  })
  return { vacated, synced }
}

/** A view that receives a confirmation too late has said that the calendar was stale. */
export function hasSameSync(
  before: Pick<UserState, 'sync'>,
  contextBefore: TenantContext,
  after: Pick<UserState, 'sync'>,
  contextAfter: TenantContext,
  at: Instant
): boolean {
  const said = syncStateAt(before.sync, contextBefore.staleAfterOf(before.sync), at)
  const is = syncStateAt(after.sync, contextAfter.staleAfterOf(after.sync), at)
  return said.state === is.state && said.since === is.since
}

/** Whose transitions lie after the instant, up to and including the moment. */
export async function findTurned({ users, context, now }: ViewMoment, after: Instant): Promise<TurnedUsers> {
  const turned: string[] = []
  await forEachInSlices(users, (user) => {
    if (transitionAfter(user, context, after) <= now) turned.push(user.id)
  })
  return { users: turned, isTransition: true }
}

/** Whose calendars are read. */
export async function findSynced({ users }: ViewMoment): Promise<TurnedUsers> {
  const synced: string[] = []
  await forEachInSlices(users, ({ id, sync }) => {
    if (sync.enabled) synced.push(id)
  })
  return { users: synced, isTransition: false }
}

/** The format whose answer is the same and serves most callers: a softphone mostly sees what all masked audiences see. */
export function shareFormat(format: StatusFormat, { context, users }: ViewContents): StatusFormat {
  const { sensitive, unmaskedUser } = format.audience
  if (sensitive) return format
  if (context.mask.isEmpty) return { ...format, audience: unmaskedAudience }
  if (unmaskedUser === null) return format
  const own = users.get(unmaskedUser)
  const isMasked = own !== undefined && timelineFor(own, context, maskedAudience) !== own.effective
  return isMasked ? format : { ...format, audience: maskedAudience }
}
