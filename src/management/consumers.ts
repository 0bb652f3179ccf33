/** What statuses are pushed to, as operators keep it: secrets go in sealed and never come out. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { CheckStep, WantedState } from '../delivery/consumer.ts'
import { initialProgress, renewedProgress } from '../delivery/consumer-progress.ts'
import {
  openConsumer,
  openSecrets,
  readCommon,
  readOwn,
  sealConsumer,
  splitConsumer
} from '../delivery/consumer-settings.ts'
import { DeliveryError } from '../delivery/delivery-error.ts'
import { type AnyConsumerKind, findConsumerKind } from '../delivery/kinds.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import type { ConsumerProgress, ConsumerRecord, ConsumerStore, UserDelivery } from '../storage/consumers.ts'
import type { Secrets } from '../storage/secrets/connection-secrets.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'

const MAX_CONSUMERS = 20
/** Milliseconds that a test may take as a whole. */
const TEST_TIMEOUT_MS = 45_000

export interface PutConsumerBody extends Readonly<Record<string, unknown>> {
  readonly kind: string
}

export interface ConsumerWithProgress {
  readonly record: ConsumerRecord
  readonly progress: ConsumerProgress
  /** The names of the secrets that are held. */
  readonly secrets: readonly string[]
  /** What stays there when Hanvisa is gone; null: nothing. */
  readonly risk: string | null
}

export interface ConsumerManagement {
  list(tenant: string): Promise<readonly ConsumerWithProgress[]>
  get(tenant: string, id: string): Promise<ConsumerWithProgress>
  /** `made`: secrets that were made for it, to be shown this once. */
  put(
    tenant: string,
    id: string,
    body: PutConsumerBody
  ): Promise<ConsumerWithProgress & { readonly created: boolean; readonly made: Secrets }>
  remove(tenant: string, id: string): Promise<void>
  pause(tenant: string, id: string): Promise<ConsumerWithProgress>
  /** Also after it was disabled. */
  resume(tenant: string, id: string): Promise<ConsumerWithProgress>
  /** Sends again what changed after the cursor; null: everybody. */
  replay(tenant: string, id: string, cursor: string | null): Promise<ConsumerWithProgress>
  /** Tries the calls of a send for the user. `signal` is aborted when the caller has disconnected. */
  test(tenant: string, id: string, state: WantedState, signal: AbortSignal): Promise<readonly CheckStep[]>
  deliveries(tenant: string, id: string): Promise<readonly UserDelivery[]>
}

export function createConsumerManagement(deps: ManagementDeps): ConsumerManagement {
  const { store, masterKeys, clock, peerDeps, audit } = deps

  async function withProgress(tenant: string, record: ConsumerRecord): Promise<ConsumerWithProgress> {
    const progress = (await store.consumers.progress(tenant, record.id)) ?? initialProgress(record.changedAt)
    const kind = findConsumerKind(record.kind)
    const risk = kind?.riskOf?.(kind.complete(readOwn(record.open)), peerDeps) ?? null
    return { record, progress, secrets: Object.keys(record.sealed).sort(), risk }
  }

  /** Saves another version, which the runner of the one before cannot disturb. */
  function change(
    tenant: string,
    id: string,
    next: (
      record: ConsumerRecord,
      progress: ConsumerProgress
    ) => {
      readonly record: ConsumerRecord
      readonly progress: ConsumerProgress
      readonly forget?: boolean
    }
  ): Promise<ConsumerWithProgress> {
    return store.withTenantLock(tenant, async (store) => {
      await requireTenant(store, tenant)
      const record = await requireConsumer(store.consumers, tenant, id)
      const progress = (await store.consumers.progress(tenant, id)) ?? initialProgress(clock())
      const changed = next(record, progress)
      const saved = { ...changed.record, version: randomUUID() }
      await store.consumers.save(tenant, saved, changed.progress, changed.forget ?? false)
      return withProgress(tenant, saved)
    })
  }

  return {
    async list(tenant) {
      await requireTenant(store, tenant)
      const records = await store.consumers.list(tenant)
      return Promise.all(records.map((record) => withProgress(tenant, record)))
    },
    async get(tenant, id) {
      await requireTenant(store, tenant)
      return withProgress(tenant, await requireConsumer(store.consumers, tenant, id))
    },
    put: (tenant, id, body) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const held = await store.consumers.find(tenant, id)
        if (held === null && (await store.consumers.list(tenant)).length >= MAX_CONSUMERS) {
          throw new RequestError(
            'limit_reached',
            `A tenant has at most ${MAX_CONSUMERS} consumers: remove one.`
          )
        }
        const kind = requireKind(body.kind)
        const { values, made } = completeBody(tenant, body, held, kind, deps)
        const faults = faultsOf(values, kind, deps)
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
        const kept = sealConsumer(tenant, id, values, kind, await masterKeys.sealer())
        const record: ConsumerRecord = {
          id,
          kind: kind.kind,
          version: randomUUID(),
          ...kept,
          pausedAt: held?.pausedAt ?? null,
          changedAt: clock()
        }
        const progress = await progressAfterPut(deps, tenant, { held, record, kind, values })
        const isOther = held !== null && held.kind !== kind.kind
        const created = await store.consumers.save(tenant, record, progress, isOther)
        return { ...(await withProgress(tenant, record)), created, made }
      }),
    remove: (tenant, id) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        if (!(await store.consumers.remove(tenant, id))) throw consumerNotFound(tenant, id)
      }),
    pause: (tenant, id) =>
      change(tenant, id, (record, progress) => ({
        record: { ...record, pausedAt: record.pausedAt ?? clock() },
        progress
      })),
    resume: (tenant, id) =>
      change(tenant, id, (record, progress) => ({
        record: { ...record, pausedAt: null },
        progress: renewedProgress(progress, clock())
      })),
    replay(tenant, id, cursor) {
      return change(tenant, id, (record, progress) => ({
        record,
        progress: { ...renewedProgress(progress, clock()), cursor },
        forget: true
      }))
    },
    async test(tenant, id, state, signal) {
      const known = await requireTenant(store, tenant)
      const record = await requireConsumer(store.consumers, tenant, id)
      await audit.record(tenant, { target: { consumer: id }, parts: [{ user: state.user }] })
      const kind = requireKind(record.kind)
      const settings = kind.complete(readOwn(openConsumer(tenant, record, masterKeys)))
      const { timeZone, language } = known
      const options = { tenant, consumer: id, timeZone, language, settings, onStateLost: () => {} }
      const peer = kind.openPeer(options, peerDeps)
      try {
        return await peer.check(state, AbortSignal.any([signal, AbortSignal.timeout(TEST_TIMEOUT_MS)]))
      } catch (error) {
        if (error instanceof DeliveryError) {
          return [{ name: kind.kind, ok: false, code: error.code, hint: error.hint }]
        }
        throw error
      } finally {
        await peer.close()
      }
    },
    async deliveries(tenant, id) {
      await requireConsumer(store.consumers, tenant, id)
      return store.consumers.deliveries(tenant, id)
    }
  }
}

/** The body with the secrets that are held, or made, for those that it leaves out. */
function completeBody(
  tenant: string,
  body: PutConsumerBody,
  held: ConsumerRecord | null,
  kind: AnyConsumerKind,
  { masterKeys }: Pick<ManagementDeps, 'masterKeys'>
): { readonly values: Record<string, unknown>; readonly made: Secrets } {
  const { kind: _, secrets: __, ...stated } = body
  const given = splitConsumer(stated, kind)
  const heldSecrets = held !== null && held.kind === kind.kind ? heldSecretsOf(tenant, held, masterKeys) : {}
  const kept = Object.fromEntries(
    Object.entries(heldSecrets).filter(
      ([path]) => !(path in given.secrets) && !kind.passingSecrets.includes(path)
    )
  )
  const moved =
    held === null ? [] : kind.destinationMembers.filter((name) => !isSame(held.open[name], given.open[name]))
  if (Object.keys(kept).length > 0 && moved.length > 0) {
    // Otherwise who may edit the consumer could direct the secret to a server of their own.
    const message = `must be stated again, for ${moved.join(', ')} changed and with it where it is sent`
    throw new RequestError('invalid_request', '', [{ field: Object.keys(kept)[0]!, message }])
  }
  const made = Object.fromEntries(
    Object.entries(kind.makeSecrets()).filter(([path]) => !(path in given.secrets) && !(path in kept))
  )
  const values: Record<string, unknown> = { ...given.open }
  for (const [path, value] of Object.entries({ ...made, ...kept, ...given.secrets })) {
    const [name = '', part] = path.split('/')
    values[name] = part === undefined ? value : { ...(values[name] as object), [part]: value }
  }
  return { values: { ...values, ...readCommon(values, kind), ...kind.complete(readOwn(values)) }, made }
}

/** None where they cannot be unsealed: then they are as good as gone, and are asked for anew. */
function heldSecretsOf(
  tenant: string,
  held: ConsumerRecord,
  unsealer: Parameters<typeof openSecrets>[2]
): Secrets {
  try {
    return openSecrets(tenant, held, unsealer)
  } catch {
    return {}
  }
}

function faultsOf(
  values: Record<string, unknown>,
  kind: AnyConsumerKind,
  { peerDeps }: Pick<ManagementDeps, 'peerDeps'>
): FieldFault[] {
  const settings = kind.complete(readOwn(values))
  const faults = [...kind.validate(settings, peerDeps)]
  if (faults.length > 0) return faults
  for (const { field, host, isPlain } of kind.hostsOf(settings, peerDeps)) {
    const refusal = peerDeps.addresses.refusalOf(host, isPlain)
    if (refusal !== null) faults.push({ field, message: refusal })
  }
  return faults
}

/** What is sent otherwise is sent again; a new address or secret is verified anew. Null: from the beginning, or as before. */
async function progressAfterPut(
  { store, masterKeys, clock }: ManagementDeps,
  tenant: string,
  {
    held,
    record,
    kind,
    values
  }: {
    readonly held: ConsumerRecord | null
    readonly record: ConsumerRecord
    readonly kind: AnyConsumerKind
    readonly values: Record<string, unknown>
  }
): Promise<ConsumerProgress | null> {
  if (held === null) return null
  if (held.kind !== kind.kind) return initialProgress(clock())
  const progress = (await store.consumers.progress(tenant, record.id)) ?? initialProgress(clock())
  const before = heldSecretsOf(tenant, held, masterKeys)
  const after = splitConsumer(values, kind).secrets
  const isSameSettings = isSame(readOwn(held.open), readOwn(record.open)) && isSame(before, after)
  const common = { ...readCommon(held.open, kind), enabled: true, perSecond: 0 }
  const isSameContent = isSame(common, { ...readCommon(record.open, kind), enabled: true, perSecond: 0 })
  const renewed = isSameSettings ? progress : renewedProgress(progress, clock())
  return isSameContent ? renewed : { ...renewed, cursor: null }
}

function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify([one])), JSON.parse(JSON.stringify([other])))
}

function requireKind(name: string): AnyConsumerKind {
  const kind = findConsumerKind(name)
  if (kind !== null) return kind
  throw new RequestError('invalid_request', '', [{ field: 'kind', message: 'is none that this version has' }])
}

async function requireConsumer(
  consumers: ConsumerStore,
  tenant: string,
  id: string
): Promise<ConsumerRecord> {
  const record = await consumers.find(tenant, id)
  if (record === null) throw consumerNotFound(tenant, id)
  return record
}

function consumerNotFound(tenant: string, id: string): RequestError {
  return new RequestError('not_found', `The tenant "${tenant}" has no consumer "${id}".`)
}
