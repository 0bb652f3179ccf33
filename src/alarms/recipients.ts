/** Recipients of a tenant's alarms, or of the provider's: put, confirmed by a code that is sent there, tried and removed. */
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { Instant } from '../domain/calendar-event.ts'
import { RateLimited, RequestError } from '../errors.ts'
import type { Log } from '../lib/redact-error.ts'
import { type AlarmListRecord, type AlarmRecipientRecord, alarmLockOf } from '../storage/alarms.ts'
import type { Sealer, Unsealer } from '../storage/secrets/seal.ts'
import type { Store, Tenant } from '../storage/store.ts'
import { changeList } from './alarm-documents.ts'
import type { AlarmMetrics } from './alarm-metrics.ts'
import { type AlarmMessage, composeCode, composeTest } from './compose.ts'
import { sendTo } from './delivery.ts'
import type { ComposeContext } from './describe-alarm.ts'
import { type PutRecipientBody, recipientFaults } from './recipient-body.ts'
import { type RecipientResponse, toRecipientResponse } from './recipient-response.ts'
import { saveRecipient } from './save-recipient.ts'
import type { AlarmSender, Channel, SendCode, SendResult } from './senders/alarm-sender.ts'
import { alarmLanguageOf } from './texts/languages.ts'

export interface RecipientTestResponse {
  readonly ok: boolean
  readonly code: SendCode
  readonly said: string | null
}

/** `tenant` is null for the provider. `by` is the store of the call, whose writes stand in the audit. */
export interface RecipientManagement {
  put(
    by: Store,
    tenant: Tenant | null,
    id: string,
    body: PutRecipientBody
  ): Promise<{ readonly recipient: RecipientResponse; readonly created: boolean }>
  list(tenant: Tenant | null): Promise<readonly RecipientResponse[]>
  get(tenant: Tenant | null, id: string): Promise<RecipientResponse>
  remove(by: Store, tenant: Tenant | null, id: string): Promise<void>
  confirm(by: Store, tenant: Tenant | null, id: string, code: string): Promise<RecipientResponse>
  sendCode(tenant: Tenant | null, id: string): Promise<RecipientResponse>
  test(tenant: Tenant | null, id: string): Promise<RecipientTestResponse>
}

export interface RecipientDeps {
  readonly store: Store
  readonly keys: Unsealer & { sealer(): Promise<Sealer> }
  /** Of codes: the same in every process. */
  readonly codeKey: Buffer
  readonly senders: ReadonlyMap<Channel, AlarmSender>
  /** Why no call may lead there; null: it may. */
  readonly urlRefusal: (url: URL) => string | null
  readonly publicUrl: string | null
  readonly clock: () => Instant
  readonly metrics: Pick<AlarmMetrics, 'countAlarmMessage'>
  readonly log: Pick<Log, 'warn'>
}

const DAY_MS = 86_400_000
const maxCodesPerDay = 20
const maxCodeAttempts = 5

export class Recipients implements RecipientManagement {
  readonly #deps: RecipientDeps

  constructor(deps: RecipientDeps) {
    this.#deps = deps
  }

  async put(by: Store, tenant: Tenant | null, id: string, body: PutRecipientBody) {
    const { keys, urlRefusal } = this.#deps
    const faults = recipientFaults(body, urlRefusal)
    if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
    const language = alarmLanguageOf(tenant?.language ?? 'en')
    const saved = await by.withTenantLock(alarmLockOf(idOf(tenant)), async (locked) => {
      const sealer = await keys.sealer()
      return saveRecipient(locked, idOf(tenant), { id, body, language, sealer, unsealer: keys })
    })
    if (saved.isAnother) await this.#sendNewCode(tenant, id)
    const recipient = await this.get(tenant, id)
    const { created, secret } = saved
    return { recipient: secret === null ? recipient : { ...recipient, secret }, created }
  }

  async list(tenant: Tenant | null): Promise<readonly RecipientResponse[]> {
    const list = await this.#lists.read(idOf(tenant))
    return (list?.recipients ?? []).map((one) => this.#toResponse(tenant, one))
  }

  async get(tenant: Tenant | null, id: string): Promise<RecipientResponse> {
    return this.#toResponse(tenant, await this.#require(tenant, id))
  }

  async remove(by: Store, tenant: Tenant | null, id: string): Promise<void> {
    await this.#require(tenant, id)
    await changeList(by.alarms.lists, idOf(tenant), (list) => ({
      ...list,
      recipients: list.recipients.filter((one) => one.id !== id)
    }))
  }

  async confirm(by: Store, tenant: Tenant | null, id: string, given: string): Promise<RecipientResponse> {
    const { codeKey, clock } = this.#deps
    const before = await this.#require(tenant, id)
    if (before.confirmed) return this.#toResponse(tenant, before)
    const digest = digestOfCode(codeKey, idOf(tenant), id, given)
    const now = clock()
    let isRight = false
    await changeRecipient(by, tenant, id, (one) => {
      isRight = one.code !== null && one.code.expiresAt > now && isEqual(one.code.digest, digest)
      if (isRight) return { ...one, confirmed: true, code: null }
      if (one.code === null) return one
      const attempts = one.code.attempts + 1
      return { ...one, code: attempts >= maxCodeAttempts ? null : { ...one.code, attempts } }
    })
    if (!isRight) {
      const message = `is not the code, or no longer: look at the newest one, or have another sent (POST …/recipients/${id}/code)`
      throw new RequestError('invalid_request', '', [{ field: 'code', message }])
    }
    return this.get(tenant, id)
  }

  async sendCode(tenant: Tenant | null, id: string): Promise<RecipientResponse> {
    const { confirmed } = await this.#require(tenant, id)
    if (!confirmed) await this.#sendNewCode(tenant, id)
    return this.get(tenant, id)
  }

  async test(tenant: Tenant | null, id: string): Promise<RecipientTestResponse> {
    const recipient = await this.#require(tenant, id)
    if (!recipient.confirmed) {
      throw new RequestError(
        'not_confirmed',
        `"${id}" was not confirmed yet: POST the code that was sent there to …/recipients/${id}/confirm.`
      )
    }
    const { code, said } = await this.#send(tenant, recipient, composeTest)
    return { ok: code === 'sent', code, said }
  }

  get #lists() {
    return this.#deps.store.alarms.lists
  }

  async #require(tenant: Tenant | null, id: string): Promise<AlarmRecipientRecord> {
    const list = await this.#lists.read(idOf(tenant))
    const found = list?.recipients.find((one) => one.id === id)
    if (found === undefined) throw recipientNotFound(id)
    return found
  }

  #toResponse(tenant: Tenant | null, one: AlarmRecipientRecord): RecipientResponse {
    return toRecipientResponse(idOf(tenant), one, this.#deps.keys)
  }

  /** Makes a code, keeps its digest, and sends it. */
  async #sendNewCode(tenant: Tenant | null, id: string): Promise<void> {
    const code = String(randomInt(1_000_000)).padStart(6, '0')
    const now = this.#deps.clock()
    const digest = digestOfCode(this.#deps.codeKey, idOf(tenant), id, code)
    const list = await changeList(this.#lists, idOf(tenant), (list) => {
      const recent = list.codesSentAt.filter((at) => now - at < DAY_MS)
      if (recent.length >= maxCodesPerDay) {
        const waitSeconds = Math.ceil((recent[0]! + DAY_MS - now) / 1000)
        throw new RateLimited(
          `More than ${maxCodesPerDay} codes within a day: send the next one later.`,
          waitSeconds
        )
      }
      const keep = (one: AlarmRecipientRecord) =>
        one.id === id ? { ...one, code: { digest, expiresAt: now + DAY_MS, attempts: 0 } } : one
      return { ...list, codesSentAt: [...recent, now], recipients: list.recipients.map(keep) }
    })
    const recipient = list.recipients.find((one) => one.id === id)
    if (recipient === undefined) throw recipientNotFound(id)
    await this.#send(tenant, recipient, (serial, context) => composeCode(code, serial, context))
  }

  /** Sends, and keeps what came of it. */
  async #send(
    tenant: Tenant | null,
    recipient: AlarmRecipientRecord,
    compose: (serial: string, context: ComposeContext) => AlarmMessage
  ): Promise<SendResult> {
    const { store, keys, senders, publicUrl, clock, metrics, log } = this.#deps
    const sender = senders.get(recipient.channel as Channel)
    const context: ComposeContext = {
      tenant: idOf(tenant),
      nameOf: () => tenant?.name ?? '',
      zone: recipient.timeZone ?? tenant?.timeZone ?? 'UTC',
      language: recipient.language,
      publicUrl,
      users: [],
      now: clock()
    }
    const message = compose(randomBytes(6).toString('hex'), context)
    const result: SendResult =
      sender === undefined
        ? { code: 'not_configured', said: null }
        : await sendTo(sender, idOf(tenant), recipient, message, { unsealer: keys, log })
    metrics.countAlarmMessage(recipient.channel, result.code)
    const lastResult = { at: clock(), ok: result.code === 'sent', code: result.code }
    await changeRecipient(store, tenant, recipient.id, (one) =>
      one.to === recipient.to ? { ...one, lastResult } : one
    )
    return result
  }
}

function changeRecipient(
  { alarms }: Pick<Store, 'alarms'>,
  tenant: Tenant | null,
  id: string,
  step: (one: AlarmRecipientRecord) => AlarmRecipientRecord
): Promise<AlarmListRecord> {
  return changeList(alarms.lists, idOf(tenant), (list) => ({
    ...list,
    recipients: list.recipients.map((one) => (one.id === id ? step(one) : one))
  }))
}

function idOf(tenant: Tenant | null): string | null {
  return tenant?.id ?? null
}

function digestOfCode(key: Buffer, tenant: string | null, recipient: string, code: string): string {
  return createHmac('sha256', key)
    .update(`${tenant ?? '*'}/${recipient}/${code}`)
    .digest('base64url')
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function recipientNotFound(id: string): RequestError {
  return new RequestError('not_found', `There is no recipient "${id}".`)
}
