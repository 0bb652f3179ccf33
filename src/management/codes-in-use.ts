/** Diversions that would go from a catalogue while something still uses them. */
import { isAhead } from '../domain/absence.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { isOverrideActive } from '../domain/override.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import type { TenantSnapshot, UserRecord } from '../storage/store.ts'

/** An error lists at most so many uses. */
const MAX_USES = 50

/** Throws a RequestError with every use of the codes. */
export function rejectCodesInUse(
  gone: ReadonlySet<string>,
  snapshot: Pick<TenantSnapshot, 'tenant' | 'users'> | null,
  at: Instant
): void {
  if (snapshot === null) return
  const uses: FieldFault[] = []
  const add = (code: string | null | undefined, field: string, message: string) => {
    if (code != null && gone.has(code)) uses.push({ field, message })
  }
  const { outside } = snapshot.tenant.officeHours ?? {}
  add(outside, 'tenant/officeHours/outside', `is "${outside}": change it first`)
  for (const record of snapshot.users) addUsesOf(record, at, add)
  if (uses.length === 0) return
  const codes = [...gone].map((code) => `"${code}"`).join(', ')
  throw new RequestError(
    'code_in_use',
    `Of the diversions that would go (${codes}) some are in use, ${uses.length} in all: keep them, or change what uses them.`,
    uses.slice(0, MAX_USES)
  )
}

function addUsesOf(
  { user, override, absences }: UserRecord,
  at: Instant,
  add: (code: string | null | undefined, field: string, message: string) => void
): void {
  const place = `users/${user.id}`
  if (override !== null && isOverrideActive(override, at)) {
    add(override.diversion, `${place}/override`, `is set to "${override.diversion}": remove it first`)
  }
  for (const absence of absences) {
    const { id, diversion } = absence
    if (isAhead(absence, at))
      add(diversion, `${place}/absences/${id}`, `is of "${diversion}": remove it first`)
  }
  const { outside } = user.officeHours ?? {}
  add(outside, `${place}/officeHours/outside`, `is "${outside}": change it first`)
  for (const [index, { diversion }] of user.triggers.entries()) {
    add(diversion, `${place}/triggers/${index}`, `gives "${diversion}": change it first`)
  }
}
