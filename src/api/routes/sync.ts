/** `/v1/tenants/{tenant}/sync`: how the reading of calendars goes, and "read now". */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { type Credential, type CredentialStatus, credentialStatus } from '../../connectors/credential.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import { type DetailLevel, syncStateAt, syncStateNames } from '../../domain/sync-state.ts'
import { type SyncCode, syncCodes } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import { paginate } from '../../management/pagination.ts'
import { requireTenant } from '../../management/tenants.ts'
import { requireUserRecord } from '../../management/users.ts'
import type { Page } from '../../storage/page.ts'
import type { Store, StoredConnection, UserRecord } from '../../storage/store.ts'
import { connectionIdOf, homeOf, listConnections, pollSecondsOf } from '../../storage/tenant-connections.ts'
import type { ConnectionState } from '../../sync/connection/connection-health.ts'
import type { Sync } from '../../sync/sync.ts'
import { pageQuery, TenantParams, UserId } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { SyncReportSchema, SyncStartedSchema } from '../schemas/sync.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Sync']
const url = '/tenants/:tenant/sync'
/** getSchedule and GetUserAvailability list a declined meeting like any other. */
const declinedNotVisible =
  'Invitations that were declined cannot be told apart here: they count as accepted ones.'
/** What each level leaves unknown, in plain words. */
const notesOf: Readonly<Record<DetailLevel, readonly string[]>> = {
  subjects: [],
  'subjects-only': [
    declinedNotVisible,
    "Answers to invitations are unknown here: a tentative event counts as an invitation that nobody answered, the user's own too, and meets no trigger.",
    'Categories are unknown here: triggers by category meet nothing.'
  ],
  availability: [declinedNotVisible, 'Subjects and categories are not seen here, so triggers meet nothing.']
}

function forwardNotes(count: number): string[] {
  if (count === 0) return []
  const events = count === 1 ? 'One event names' : `${count} events name`
  return [
    `${events} a number to forward to (> and digits) that is not taken: only numbers that begin with one of the rules' forwardAllowed are, and none of private events.`
  ]
}

const SyncQuery = Strict({
  ...pageQuery,
  state: Type.Optional(
    Type.String({
      pattern: oneOrMore(syncStateNames),
      description: `Only users in these states, a comma list of ${syncStateNames.join(', ')}.`,
      examples: ['failed,stale']
    })
  ),
  code: Type.Optional(
    Type.String({
      pattern: oneOrMore(syncCodes),
      description: `Only users with these codes, a comma list of ${syncCodes.join(', ')}.`,
      examples: ['mailbox_unknown']
    })
  ),
  user: Type.Optional(UserId)
})

/** A pattern for a comma list of the values. */
function oneOrMore(values: readonly string[]): string {
  const one = `(${values.join('|')})`
  return `^${one}(,${one})*$`
}

function listOf(text: string | undefined): ReadonlySet<string> | null {
  return text === undefined ? null : new Set(text.split(','))
}

/** Null where the connection signs in with nothing, or cannot be unsealed. */
export type CredentialOf = (tenant: string, connection: StoredConnection | null) => Credential | null

export function syncRoutes(deps: {
  readonly store: Store
  readonly sync: Pick<Sync, 'readNow' | 'connection'>
  readonly credentialOf: CredentialOf
  readonly clock: () => Instant
}): FastifyPluginAsyncTypebox {
  const { store, sync, credentialOf, clock } = deps
  return async (app) => {
    app.get(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'How the reading of calendars goes',
          description:
            'For each connection as a whole and for each user: the state that Statuses show, the last success, what is wrong ' +
            'with what to do about it, and whether the calendar system tells of edits or is polled for them. With `state` or ' +
            '`code` only the users of whom one of those is true.',
          params: TenantParams,
          querystring: SyncQuery,
          response: { 200: ref(SyncReportSchema), ...problems('not_found') }
        }
      },
      async ({ params, query }) => {
        const { id } = await requireTenant(store, params.tenant)
        const kept = await store.connection(id)
        const all = listConnections(kept)
        const filter = { states: listOf(query.state), codes: listOf(query.code) }
        const connections = await Promise.all(
          all.map(async (one) => {
            const state = await sync.connection(id, connectionIdOf(one))
            const shown = toConnectionSync(state, credentialOf(id, one), clock())
            return {
              isActive: state.notifications.active > 0,
              connection: connectionIdOf(one),
              kind: one.kind,
              shown
            }
          })
        )
        const first = connections[0]?.shown ?? toConnectionSync(await sync.connection(id), null, clock())
        const userSyncOf = (record: UserRecord) => {
          const home = homeOf(record.sync, all)
          const user = toUserSync(record, home, 2000 * (pollSecondsOf(record.sync, kept) ?? 0), clock())
          // A record says what held at its last read: while no subscription of the connection is active, no calendar is live.
          const isLive = connections.some(({ connection, isActive }) => isActive && connection === home)
          return user.notifications === 'live' && !isLive
            ? { ...user, notifications: 'polling' as const }
            : user
        }
        const page =
          query.user === undefined
            ? await paginate(
                query,
                (asked) => findUserSyncs(store, id, asked, filter, userSyncOf),
                (user) => user,
                ({ user }) => user
              )
            : { items: [userSyncOf(await requireUserRecord(store, id, query.user))] }
        return {
          connection: first,
          connections: connections.map(({ connection, kind, shown }) => ({ connection, kind, ...shown })),
          users: [...page.items],
          ...('after' in page && page.after !== undefined && { after: page.after })
        }
      }
    )

    app.post(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'sync.read' },
        schema: {
          tags,
          summary: 'Read now',
          description:
            'Reads the calendar of `?user=`, else those of all users, ahead of what waits. A pause that the service made ' +
            'after a failure ends; one that the calendar system asked for (Retry-After) is kept to.',
          params: TenantParams,
          querystring: Strict({ user: Type.Optional(UserId) }),
          response: { 202: ref(SyncStartedSchema), ...problems('not_found') }
        }
      },
      async ({ params, query, management }, reply) => {
        await requireTenant(store, params.tenant)
        if (query.user !== undefined) await requireUserRecord(store, params.tenant, query.user)
        const users = query.user === undefined ? undefined : [query.user]
        await management.audit.record(params.tenant, { parts: (users ?? []).map((user) => ({ user })) })
        return reply.code(202).send({ queued: await sync.readNow(params.tenant, users) })
      }
    )
  }
}

/** Users that a filter checks in one turn of the event loop: about 10 ms. */
const FILTER_SLICE = 250

/** Of the users after `after` those that the filter lets through, at most `limit`. */
async function findUserSyncs(
  store: Store,
  tenant: string,
  { limit, after }: Page,
  { states, codes }: Readonly<Record<'states' | 'codes', ReadonlySet<string> | null>>,
  toSync: (record: UserRecord) => UserSync
): Promise<UserSync[]> {
  const found: UserSync[] = []
  for (let last = after; ; ) {
    const users = await store.users(tenant, {
      limit: FILTER_SLICE,
      ...(last !== undefined && { after: last })
    })
    const records = await store.records(
      tenant,
      users.map((user) => user.id)
    )
    for (const record of records) {
      if (record === null) continue
      const sync = toSync(record)
      if (states?.has(sync.state) === false || codes?.has(sync.code ?? '') === false) continue
      if (found.push(sync) === limit) return found
    }
    if (users.length < FILTER_SLICE) return found
    last = users.at(-1)?.id
    await nextSlice()
  }
}

/** Where the mailbox is. Of one that was never looked for, since it has been read. */
function toHome({ home, enabledSince }: UserRecord['sync'], connection: string) {
  const isStated = home?.connection === connection
  const since = formatInstant(isStated ? home.since : enabledSince)
  return { connection, since, movedAt: isStated && home.proof === 'moved' ? since : null }
}

const twice = {
  code: 'mailbox_twice',
  hint: 'Two of the connections have this mailbox: it is read where it had events in the last 30 days, else over the first. Remove the one that is not used: often a licence was given before the mailbox was moved.'
} as const

/** The fault of the last read; else that two connections have the mailbox, and one was chosen. */
function faultOfUser({ fault, home }: UserRecord['sync']) {
  const isTwice = home?.proof === 'events' || home?.proof === 'order'
  return fault ?? (isTwice ? twice : null)
}

type UserSync = ReturnType<typeof toUserSync>

function toUserSync(
  { user, sync, timeline }: UserRecord,
  home: string | null,
  staleAfter: number,
  at: Instant
) {
  const { state, since } = syncStateAt(sync, staleAfter, at)
  const fault = faultOfUser(sync)
  return {
    user: user.id,
    state,
    since: formatInstant(since),
    lastSuccess: sync.confirmedAt === null ? null : formatInstant(sync.confirmedAt),
    // Only RemoteErrors and Shortfalls become faults, and their codes are of the closed list.
    code: (fault?.code ?? null) as SyncCode | null,
    hint: fault?.hint ?? null,
    detail: sync.detail,
    notes: [
      ...(sync.detail === null ? [] : notesOf[sync.detail]),
      ...readingNotes(sync),
      ...forwardNotes(sync.refusedForwards)
    ],
    notifications:
      sync.confirmedAt === null ? null : sync.subscribed ? ('live' as const) : ('polling' as const),
    rulesVersion: timeline?.rulesVersion ?? null,
    home: home === null ? null : toHome(sync, home)
  }
}

/** How the last read went, where it was no failure. */
function readingNotes({ slowMs, overdueSince }: UserRecord['sync']): string[] {
  const notes: string[] = []
  if (slowMs !== null) {
    const seconds = Math.round(slowMs / 1000)
    notes.push(
      `Slow: the last read took ${seconds} s, longer than pollSeconds. See whether the calendar system is overloaded, or raise pollSeconds.`
    )
  }
  if (overdueSince !== null) {
    notes.push(
      'An edit was notified of and could not be read in time, or no worker is left: what is shown may be wrong.'
    )
  }
  return notes
}

function toCredentialSync({ member, state, endsAt, daysLeft, hint }: CredentialStatus) {
  return { member, state, endsAt: endsAt === null ? null : formatInstant(endsAt), daysLeft, hint }
}

function toConnectionSync(
  { state, since, fault, nextReadAt, notifications }: ConnectionState,
  credential: Credential | null,
  at: Instant
) {
  const { active, polling } = notifications
  return {
    state,
    since: formatInstant(since),
    code: fault?.code ?? null,
    hint: fault?.hint ?? null,
    // The state may have come from another process some time ago.
    nextReadAt: nextReadAt === null || nextReadAt <= at ? null : formatInstant(nextReadAt),
    credential: credential && toCredentialSync(credentialStatus(credential, fault, at)),
    notifications: {
      state: notifications.state,
      live: active,
      polling,
      code: notifications.code,
      hint: notifications.hint
    }
  }
}
