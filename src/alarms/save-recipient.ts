/** Saves a recipient: sealed, within the limits of its list, and unconfirmed where its address is new. */
import { randomBytes } from 'node:crypto'
import { RequestError } from '../errors.ts'
import { type AlarmRecipientRecord, emptyAlarmList } from '../storage/alarms.ts'
import { alarmPurpose } from '../storage/secrets/alarm-secrets.ts'
import type { Sealer, Unsealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import { changeList } from './alarm-documents.ts'
import { type PutRecipientBody, withBody } from './recipient-body.ts'
import { openTo } from './recipient-response.ts'
import type { AlarmLanguage } from './texts/languages.ts'

const MAX_RECIPIENTS = 10
const MAX_SMS_RECIPIENTS = 3

interface SaveRecipient {
  readonly id: string
  readonly body: PutRecipientBody
  readonly language: AlarmLanguage
  readonly sealer: Sealer
  readonly unsealer: Unsealer
}

/** Under the lock of the list. `isAnother`: the address is new, and must be confirmed. */
export async function saveRecipient(
  { alarms: { lists } }: Store,
  tenant: string | null,
  { id, body, language, sealer, unsealer }: SaveRecipient
): Promise<{ readonly created: boolean; readonly isAnother: boolean; readonly secret: string | null }> {
  const list = (await lists.read(tenant)) ?? emptyAlarmList
  const before = list.recipients.find((one) => one.id === id)
  const isAnother =
    before === undefined || before.channel !== body.channel || openTo(tenant, before, unsealer) !== body.to
  const secret =
    isAnother && body.channel === 'webhook' ? `whsec_${randomBytes(32).toString('base64')}` : null
  const kept = isAnother
    ? {
        id,
        to: sealer.seal(body.to, alarmPurpose(tenant, id, 'to')),
        secret: secret && sealer.seal(secret, alarmPurpose(tenant, id, 'secret')),
        confirmed: false,
        code: null,
        refused: false,
        lastResult: null
      }
    : { ...before, refused: false }
  const next = withBody(kept, body, language)
  await changeList(lists, tenant, (list) => {
    const others = list.recipients.filter((one) => one.id !== id)
    requireRoom(others, next)
    const isThere = others.length < list.recipients.length
    return {
      ...list,
      recipients: isThere
        ? list.recipients.map((one) =>
            one.id === id ? { ...next, lastResult: isAnother ? null : one.lastResult } : one
          )
        : [...others, next]
    }
  })
  return { created: before === undefined, isAnother, secret }
}

function requireRoom(others: readonly AlarmRecipientRecord[], next: AlarmRecipientRecord): void {
  if (others.length >= MAX_RECIPIENTS) {
    throw new RequestError(
      'limit_reached',
      `There are ${MAX_RECIPIENTS} recipients already: remove one first.`
    )
  }
  if (
    next.channel === 'sms' &&
    others.filter(({ channel }) => channel === 'sms').length >= MAX_SMS_RECIPIENTS
  ) {
    throw new RequestError(
      'limit_reached',
      `${MAX_SMS_RECIPIENTS} recipients get SMS already: remove one first.`
    )
  }
}
