/** Whose a call is, as the audit states it. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { AuditActor, AuditDraft, AuditOutcome, AuditPart, AuditValues } from '../../storage/audit.ts'
import type { Principal } from '../principal.ts'
import type { AuditAction } from './actions.ts'

export interface Attribution {
  readonly action: AuditAction
  readonly actor: AuditActor
  /** The caller's IP address; null: not known. */
  readonly address: string | null
  /** The user whose softphone calls. */
  readonly user: string | null
}

/** What an entry says beside who, when and from where. */
export interface AuditedChange {
  readonly target?: AuditValues
  readonly before?: AuditValues | null
  readonly after?: AuditValues | null
  readonly parts?: readonly AuditPart[]
}

const ANONYMOUS: AuditActor = { kind: 'anonymous', id: null, name: null, role: null }

/** `principal`: null for a call without a key. */
export function attributionOf(
  principal: Principal | null,
  action: AuditAction,
  address: string | null
): Attribution {
  if (principal === null) return { action, actor: ANONYMOUS, address, user: null }
  const { kind, id, name, role, user } = principal
  return { action, actor: { kind, id, name, role }, address, user }
}

/** What is said of a person stands in the part about them: of a softphone's call its key's name and its address too. */
export function draftOf(
  { action, actor, address, user }: Attribution,
  { target = {}, before = null, after = null, parts = [] }: AuditedChange,
  outcome: AuditOutcome,
  at: Instant
): AuditDraft {
  const draft = { at, action, outcome, actor, address, target, before, after, parts }
  if (user === null) return draft
  const by = { key: actor.name, address }
  const own = parts.find((part) => part.user === user) ?? { user }
  return {
    ...draft,
    actor: { ...actor, name: null },
    address: null,
    parts: [{ ...own, by }, ...parts.filter((part) => part.user !== user)]
  }
}
