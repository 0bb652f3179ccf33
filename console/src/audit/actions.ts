/** What was done, in words: an action of the audit is a thing and what became of it. */
import type { AuditAction } from './audit-client.ts'
import type { auditTexts } from './texts.ts'

type AuditTexts = (typeof auditTexts)['en']

/** As `openapi.json` lists them; the compiler refuses one that is not there. */
export const auditActions = [
  'tenant.put',
  'tenant.delete',
  'connection.put',
  'connection.delete',
  'connection.test',
  'consent.begin',
  'consent.complete',
  'user.put',
  'user.patch',
  'user.delete',
  'user.import',
  'user.export',
  'trigger.put',
  'trigger.delete',
  'rules.put',
  'rules.restore',
  'rules.preview',
  'override.put',
  'override.delete',
  'absence.put',
  'absence.delete',
  'absence.import',
  'key.create',
  'key.rotate',
  'key.delete',
  'key.refused',
  'consumer.put',
  'consumer.delete',
  'consumer.test',
  'consumer.pause',
  'consumer.resume',
  'consumer.replay',
  'sign-in',
  'sign-in.failed',
  'sign-out',
  'sync.read',
  'alarm-recipient.put',
  'alarm-recipient.delete',
  'alarm-recipient.confirm',
  'alarm-recipient.code',
  'alarm-recipient.test',
  'alarm-settings.put',
  'alarm.mute',
  'master-key.rotate'
] as const satisfies readonly AuditAction[]

/** One that has no words yet is shown as the API calls it. */
export function actionLabel(action: string, { things, deeds }: Pick<AuditTexts, 'things' | 'deeds'>): string {
  const [thing = '', deed] = action.split('.')
  const thingNames: Readonly<Record<string, string>> = things
  const deedNames: Readonly<Record<string, string>> = deeds
  const name = thingNames[thing] ?? thing
  if (deed === undefined) return name
  return `${name}: ${deedNames[deed] ?? deed}`
}
