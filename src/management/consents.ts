/** A customer's consent to the provider's application: the link, and what comes back from it, which is believed only once proved. */
import { randomBytes } from 'node:crypto'
import type { ConsentProof } from '../connectors/provider-consent.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { RequestError } from '../errors.ts'
import { digestOf } from '../lib/digest.ts'
import { eachPage } from '../storage/page.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Store, Tenant } from '../storage/store.ts'
import { listConnections } from '../storage/tenant-connections.ts'
import { calendarTarget } from './calendar-target.ts'
import { replaceConnection } from './connections.ts'
import { placeOf } from './kept-connections.ts'
import type { ConsentDeps, ManagementDeps } from './management-deps.ts'
import type { Principal } from './principal.ts'
import { requireTenant } from './tenants.ts'

/**
 * `invalid`: no state of ours, too old, or used. `otherDirectory`: not the tenant's own. `taken`: another tenant has the directory.
 * `notGranted`: the permission is not there, or not yet.
 */
export const consentOutcomes = [
  'connected',
  'refused',
  'invalid',
  'otherDirectory',
  'taken',
  'notGranted',
  'unreachable'
] as const
export type ConsentOutcome = (typeof consentOutcomes)[number]

/** The query with which the browser comes back. */
export interface ConsentAnswer {
  readonly state: string
  /** Whether there is an `error`, whatever it says. */
  readonly isRefused: boolean
  /** `admin_consent=True`. */
  readonly isGranted: boolean
  /** The directory, as the browser says. */
  readonly directory: string
}

/** For an administrator of the customer's directory. */
export interface ConsentLink {
  readonly url: string
  readonly expiresAt: Instant
  /** The one directory that can consent. Null: whoever holds the link decides which, once. */
  readonly directoryId: string | null
}

export interface ConsentManagement {
  begin(tenant: string, principal: Principal): Promise<ConsentLink>
  /** After `notGranted` and `unreachable` the same answer may come again. */
  complete(answer: ConsentAnswer, signal: AbortSignal): Promise<ConsentOutcome>
}

type ConsentManagementDeps = Pick<ManagementDeps, 'store' | 'clock' | 'audit' | 'consent'> & {
  readonly sync: Pick<ManagementDeps['sync'], 'invalidateTenant'>
  readonly masterKeys: Pick<ManagementDeps['masterKeys'], 'open'>
}

interface State {
  readonly tenant: string
  /** Who asked for the link. */
  readonly principal: string
  readonly expiresAt: Instant
  readonly nonce: string
}

const STATE_LIFE_MS = 3_600_000
/** Of a link that takes any directory: for an administrator who is waiting for it. */
const OPEN_STATE_LIFE_MS = 900_000
const STATE_PURPOSE = 'consent'
/** Milliseconds that Entra and Graph may take together. */
const PROOF_TIMEOUT_MS = 45_000
const PAGE = 500
const DIRECTORY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Any of them shows the calendar. */
const CALENDAR_ROLES = ['Calendars.Read', 'Calendars.ReadWrite', 'Calendars.ReadBasic.All']
/** Nobody has it: where no user has a mailbox yet, that Graph looks for it shows that it may. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

export function createConsentManagement(deps: ConsentManagementDeps): ConsentManagement {
  const { store, clock, audit, consent } = deps

  return {
    async begin(id, principal) {
      const tenant = await requireTenant(store, id)
      const { provider, sealer } = requireApplication(consent)
      const directory = directoryOf(tenant)
      // Its operator could otherwise come back with the directory of any customer who once consented.
      if (directory === null && principal.role !== 'provider') {
        throw new RequestError(
          'invalid_request',
          `The provider must first set directoryId of the tenant "${id}" to the customer's Entra tenant id.`
        )
      }
      const now = clock()
      const pending: State = {
        tenant: id,
        principal: principal.id,
        expiresAt: now + (directory === null ? OPEN_STATE_LIFE_MS : STATE_LIFE_MS),
        nonce: randomBytes(16).toString('base64url')
      }
      await audit.record(id)
      const state = sealer.seal(JSON.stringify(pending), STATE_PURPOSE)
      await store.sessions.save(recordOf(state, pending), now)
      return { url: provider.link(directory, state), expiresAt: pending.expiresAt, directoryId: directory }
    },

    async complete(answer, signal) {
      const { sealer } = requireApplication(consent)
      const now = clock()
      const pending = openState(answer.state, sealer)
      if (pending === null || pending.expiresAt <= now) return 'invalid'
      if ((await store.sessions.take(digestOfState(answer.state), now)) === null) return 'invalid'
      const outcome = await proveAndConnect(deps, answer, pending, signal)
      if (outcome === 'notGranted' || outcome === 'unreachable') {
        await store.sessions.save(recordOf(answer.state, pending), clock())
      }
      if (outcome !== 'connected' && (await store.tenant(pending.tenant)) !== null) {
        await audit.record(pending.tenant, { target: askedBy(pending), after: { outcome } }, 'failed')
      }
      return outcome
    }
  }
}

async function proveAndConnect(
  deps: ConsentManagementDeps,
  { isRefused, isGranted, directory: stated }: ConsentAnswer,
  pending: State,
  signal: AbortSignal
): Promise<ConsentOutcome> {
  const { store, clock, audit, consent } = deps
  const { provider } = requireApplication(consent)
  // A refusal has admin_consent=True too (v2-admin-consent, "Error response").
  if (isRefused) return 'refused'
  const directory = stated.toLowerCase()
  const tenant = await store.tenant(pending.tenant)
  if (tenant === null || !isGranted || !DIRECTORY_ID.test(directory)) return 'invalid'
  if (isOtherDirectory(tenant, directory)) return 'otherDirectory'

  const mailbox = await mailboxOf(deps, tenant)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(PROOF_TIMEOUT_MS)])
  const proved = judge(await provider.prove({ directory, mailbox, now: clock() }, deadline), directory)
  if (proved !== 'connected') return proved
  return connect({ ...deps, store: audit.storeWith(askedBy(pending)) }, tenant.id, directory)
}

/** Who asked for the link: whoever comes back with it is not known. */
function askedBy({ principal }: State) {
  return { linkAskedBy: principal }
}

/** One directory at a time over all processes, so that of two tenants one gets it. No tenant's id holds a slash. */
function connect(deps: ConsentManagementDeps, id: string, directory: string): Promise<ConsentOutcome> {
  const { store, clock } = deps
  return store.withTenantLock(`directory/${directory}`, () =>
    store.withTenantLock(id, async (store) => {
      const tenant = await store.tenant(id)
      if (tenant === null) return 'invalid'
      if (isOtherDirectory(tenant, directory)) return 'otherDirectory'
      if (await isTaken(store, tenant, directory)) return 'taken'
      if (tenant.directoryId === undefined)
        await store.saveTenant({ ...tenant, directoryId: directory }, clock())
      const kept = await store.connection(id)
      const all = listConnections(kept)
      // Of several it is the one to Microsoft 365, or one more.
      const held = all.length === 1 ? all[0]! : (all.find(({ kind }) => kind === 'graph') ?? null)
      await replaceConnection(deps, store, id, {
        ...placeOf(kept, held, all.length === 0 ? null : 'graph', undefined),
        kind: 'graph',
        pollSeconds: held?.kind === 'graph' ? held.pollSeconds : 120,
        open: { tenantId: directory, application: 'provider' },
        sealed: {},
        changedAt: clock()
      })
      return 'connected'
    })
  )
}

function judge({ claims, error }: ConsentProof, directory: string): ConsentOutcome {
  if (claims === null) return error?.code === 'consent_missing' ? 'notGranted' : 'unreachable'
  if (claims.directory !== directory) return 'otherDirectory'
  if (!claims.roles.some((role) => CALENDAR_ROLES.includes(role))) return 'notGranted'
  if (error === null || error.code === 'mailbox_unknown') return 'connected'
  return error.code === 'access_denied' || error.code === 'consent_missing' ? 'notGranted' : 'unreachable'
}

function isOtherDirectory(tenant: Tenant, directory: string): boolean {
  const own = directoryOf(tenant)
  return own !== null && own !== directory
}

/** Looks at every tenant and its connection, so it is asked once, when all else is proved. */
async function isTaken(store: Store, tenant: Tenant, directory: string): Promise<boolean> {
  for await (const tenants of eachPage(PAGE, (page) => store.tenants(page))) {
    for (const other of tenants) {
      if (other.id === tenant.id) continue
      if (other.directoryId === directory) return true
      for (const { kind, open } of listConnections(await store.connection(other.id))) {
        const tenantId = kind === 'graph' ? open.tenantId : null
        if (typeof tenantId === 'string' && tenantId.toLowerCase() === directory) return true
      }
    }
  }
  return false
}

/** Null: none is set, or operators sign in at an issuer that is not Entra. */
function directoryOf({ directoryId }: Tenant): string | null {
  return directoryId !== undefined && DIRECTORY_ID.test(directoryId) ? directoryId : null
}

async function mailboxOf({ store, masterKeys }: ConsentManagementDeps, tenant: Tenant): Promise<string> {
  const users = await store.users(tenant.id, { limit: PAGE })
  const user = users.find(({ mailbox }) => mailbox !== null && 'address' in mailbox)
  return (user && calendarTarget(tenant, user, masterKeys)?.mailbox) ?? NOBODY
}

function openState(text: string, sealer: Sealer): State | null {
  try {
    return JSON.parse(sealer.open(text, STATE_PURPOSE)) as State
  } catch {
    return null
  }
}

/** Of the state itself nothing is kept. */
function recordOf(state: string, { tenant, expiresAt }: State) {
  return { digest: digestOfState(state), identity: `consent/${tenant}`, data: '', expiresAt }
}

function digestOfState(state: string): string {
  return digestOf(`consent ${state}`)
}

function requireApplication(consent: ConsentDeps | null): ConsentDeps {
  if (consent !== null) return consent
  throw new RequestError(
    'not_found',
    'The provider has no application to consent to: set HANVISA_ENTRA_CLIENT_ID, or put a connection with one of the customer’s own.'
  )
}
