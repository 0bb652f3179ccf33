/** What the audit says of records: no secret, and of a sensitive diversion what stands in its place. */
import { isDeepStrictEqual } from 'node:util'
import type { Absence } from '../../domain/absence.ts'
import type { Mask } from '../../domain/mask.ts'
import type { Override } from '../../domain/override.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import type { AlarmListRecord } from '../../storage/alarms.ts'
import type { ApiKeyRecord } from '../../storage/api-keys.ts'
import type { AuditPart, AuditValues } from '../../storage/audit.ts'
import type { ConsumerRecord } from '../../storage/consumers.ts'
import type { CallerNamesRecord } from '../../storage/contacts.ts'
import type { StoredConnection, Tenant, User } from '../../storage/store.ts'
import { connectionIdOf, listConnections } from '../../storage/tenant-connections.ts'
import { shownMailbox } from '../user-fields.ts'
import type { AuditedChange } from './attribution.ts'

/** The members that differ; all of them where there was nothing before, or is nothing after. */
export function changeOf(
  before: AuditValues | null,
  after: AuditValues | null
): Pick<AuditPart, 'before' | 'after'> {
  if (before === null || after === null) return { before, after }
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !isDeepStrictEqual(before[name], after[name])
  )
  const pick = (values: AuditValues) =>
    Object.fromEntries(changed.filter((name) => name in values).map((name) => [name, values[name]]))
  return { before: pick(before), after: pick(after) }
}

export function describeTenant(tenant: Tenant | null): AuditValues | null {
  if (tenant === null) return null
  const { id: _, ...values } = tenant
  return values
}

/** Which secrets there are, and none of them. Of several connections each under its id. */
export function describeConnection(connection: StoredConnection | null): AuditValues | null {
  if (connection === null) return null
  if (connection.id === undefined && connection.further === undefined) return describeOne(connection)
  return Object.fromEntries(listConnections(connection).map((one) => [connectionIdOf(one), describeOne(one)]))
}

function describeOne({ kind, pollSeconds, open, sealed, order }: StoredConnection) {
  return {
    kind,
    ...open,
    pollSeconds,
    ...(order !== undefined && { order }),
    secrets: Object.keys(sealed).sort()
  }
}

/** Which secrets there are, and none of them. */
export function describeConsumer(consumer: ConsumerRecord | null): AuditValues | null {
  if (consumer === null) return null
  const { kind, open, sealed, pausedAt } = consumer
  return { kind, ...open, secrets: Object.keys(sealed).sort(), isPaused: pausedAt !== null }
}

export function describeUserChange(before: User | null, after: User, mask: Mask): AuditPart {
  const change = changeOf(before && describeUser(before, mask), describeUser(after, mask))
  return { user: after.id, ...change }
}

function describeUser(user: User, mask: Mask): AuditValues {
  const { displayName, extension, numbers, owner, syncEnabled, timeZone, officeHours = null, triggers } = user
  return {
    displayName,
    extension,
    numbers,
    mailbox: shownMailbox(user),
    owner,
    syncEnabled,
    timeZone,
    officeHours,
    // Which word somebody writes when they are ill is as telling as that they are.
    triggers: triggers.map(({ match, text, diversion, phone }) => ({
      match,
      ...(!mask.hides(diversion) && { text }),
      diversion: mask.shownCode(diversion),
      ...(phone !== undefined && { phone })
    }))
  }
}

export function describeOverride(override: Override | null, mask: Mask): AuditValues | null {
  if (override === null) return null
  const { diversion, until, phone } = override
  return {
    diversion: mask.shownCode(diversion),
    until: until === null ? null : formatInstant(until),
    ...(phone !== undefined && { phone })
  }
}

/** How many contacts there are, and none of them. */
export function describeCallerNames(settings: CallerNamesRecord | null): AuditValues | null {
  if (settings === null) return null
  const { strip, shared } = settings
  return { strip, sharedContacts: shared?.contacts ?? 0, sharedNumbers: shared?.numbers ?? 0 }
}

/** By id those that differ. */
export function describeAbsenceChange(
  user: string,
  before: readonly Absence[],
  after: readonly Absence[],
  mask: Mask
): AuditPart {
  return { user, ...changeOf(describeAbsences(before, mask), describeAbsences(after, mask)) }
}

function describeAbsences(absences: readonly Absence[], mask: Mask): AuditValues {
  return Object.fromEntries(
    absences.map(({ id, diversion, from, until, phone }) => [
      id,
      {
        diversion: mask.shownCode(diversion),
        from: formatInstant(from),
        until: formatInstant(until),
        ...(phone !== undefined && { phone })
      }
    ])
  )
}

/** A softphone's key is its user's. */
export function describeKeyChange(before: ApiKeyRecord | null, after: ApiKeyRecord | null): AuditedChange {
  const { id, user } = (after ?? before)!
  const change = changeOf(before && describeKey(before), after && describeKey(after))
  const target = { key: id }
  return user === null ? { target, ...change } : { target, parts: [{ user, ...change }] }
}

function describeKey({
  name,
  role,
  colleagues,
  sensitive,
  expiresAt,
  prefix,
  previous
}: ApiKeyRecord): AuditValues {
  return {
    name,
    role,
    colleagues,
    sensitive,
    prefix,
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    previousUntil: previous === null ? null : formatInstant(previous.until)
  }
}

/** Without addresses and secrets, which are sealed there. */
export function describeAlarmList({ settings, mutes, recipients }: AlarmListRecord): AuditValues {
  return {
    settings,
    mutes,
    recipients: recipients.map(
      ({ id, channel, minSeverity, language, timeZone, quiet, digest, confirmed }) => ({
        id,
        channel,
        minSeverity,
        language,
        timeZone,
        quiet,
        digest,
        confirmed
      })
    )
  }
}
