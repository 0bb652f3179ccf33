/** What a tenant sets for its alarms, what is muted, and which alarms there are. */
import type { Instant } from '../domain/calendar-event.ts'
import { floorToSecond } from '../domain/whole-seconds.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/rfc3339.ts'
import type { Store, Tenant } from '../storage/store.ts'
import { changeList } from './alarm-documents.ts'
import { type CauseName, isCause, type Severity, splitCause } from './causes.ts'
import { emptyOverview, providerAlarms } from './overview.ts'
import { defaultSettings } from './plan-delivery.ts'
import { alarmLanguageOf, textsIn } from './texts/languages.ts'

export interface PutAlarmSettingsBody {
  readonly share?: number
  readonly minutes?: number
  readonly reminderHours?: number
  readonly muteUntil?: string | null
}

export interface AlarmSettingsResponse {
  readonly share: number
  readonly minutes: number
  readonly reminderHours: number
  readonly muteUntil: string | null
}

export interface AlarmResponse {
  /** Of the provider's list alone: whose it is; null: of many tenants at once, or the provider's own. */
  readonly tenant?: string | null
  readonly cause: CauseName
  readonly severity: Severity
  readonly state: 'pending' | 'firing' | 'clearing'
  readonly since: string
  readonly episode: string
  readonly users: number
  readonly hint: string
  readonly mutedUntil: string | null
}

export interface AlarmView {
  alarms(tenant: Tenant | null): Promise<readonly AlarmResponse[]>
  settings(tenant: Tenant | null): Promise<AlarmSettingsResponse>
  /** `by` is the store of the call, whose writes stand in the audit. */
  putSettings(
    by: Pick<Store, 'alarms'>,
    tenant: Tenant | null,
    body: PutAlarmSettingsBody
  ): Promise<AlarmSettingsResponse>
  /** `until` null ends it. */
  mute(
    by: Pick<Store, 'alarms'>,
    tenant: Tenant | null,
    cause: CauseName,
    until: string | null
  ): Promise<void>
}

/** Nothing may be muted for longer: whoever muted it may be gone. */
const maxMuteMs = 90 * 86_400_000

export function createAlarmView({
  store,
  clock
}: {
  readonly store: Pick<Store, 'alarms'>
  readonly clock: () => Instant
}): AlarmView {
  const { lists, states, overview } = store.alarms
  const idOf = (tenant: Tenant | null) => tenant?.id ?? null

  async function readSettings(tenant: Tenant | null): Promise<AlarmSettingsResponse> {
    const settings = (await lists.read(idOf(tenant)))?.settings ?? defaultSettings
    const { muteUntil } = settings
    return {
      share: settings.share,
      minutes: settings.minutes,
      reminderHours: settings.reminderHours,
      muteUntil: muteUntil === null || muteUntil <= clock() ? null : formatInstant(floorToSecond(muteUntil))
    }
  }

  return {
    async alarms(tenant) {
      const id = idOf(tenant)
      const [list, state] = await Promise.all([lists.read(id), states.read(id)])
      const texts = textsIn(alarmLanguageOf(tenant?.language ?? 'en'))
      const others =
        tenant === null
          ? providerAlarms((await overview.read(null)) ?? emptyOverview).filter(({ isHeld }) => !isHeld)
          : []
      const now = clock()
      return [...(state?.episodes ?? []), ...others].map((one) => {
        const { base, tenant: of, isFlood } = splitCause(one.cause)
        const mutedUntil = list?.mutes[base] ?? 0
        return {
          ...(tenant === null && { tenant: of }),
          cause: base,
          severity: one.severity as Severity,
          state: one.state,
          since: formatInstant(floorToSecond(one.beganAt)),
          episode: one.episode,
          users: one.users,
          hint: isFlood ? texts.flood.hint : texts.causes[base].hint,
          mutedUntil: mutedUntil > now ? formatInstant(floorToSecond(mutedUntil)) : null
        }
      })
    },

    settings: readSettings,

    async putSettings(by, tenant, body) {
      const { muteUntil, faults } = muteIn('muteUntil', body.muteUntil ?? null, clock())
      if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
      const { share, minutes, reminderHours } = { ...defaultSettings, ...body }
      await changeList(by.alarms.lists, idOf(tenant), (list) => ({
        ...list,
        settings: { share, minutes, reminderHours, muteUntil }
      }))
      return readSettings(tenant)
    },

    async mute(by, tenant, cause, until) {
      if (!isCause(cause)) throw new RequestError('not_found', `There is no cause "${cause}".`)
      const now = clock()
      const { muteUntil, faults } = muteIn('until', until, now)
      if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
      await changeList(by.alarms.lists, idOf(tenant), (list) => {
        const { [cause]: _, ...others } = list.mutes
        const running = Object.fromEntries(Object.entries(others).filter(([, end]) => end > now))
        return { ...list, mutes: muteUntil === null ? running : { ...running, [cause]: muteUntil } }
      })
    }
  }
}

function muteIn(
  field: string,
  text: string | null,
  now: Instant
): { readonly muteUntil: Instant | null; readonly faults: readonly FieldFault[] } {
  if (text === null) return { muteUntil: null, faults: [] }
  const until = parseInstant(text)
  const fault = (message: string) => ({ muteUntil: null, faults: [{ field, message }] })
  if (until === null) return fault('is no RFC 3339 time: write one such as "2027-12-01T00:00:00Z"')
  if (until <= now) return fault('must be in the future, or null')
  if (until - now > maxMuteMs) return fault('must be within 90 days')
  return { muteUntil: until, faults: [] }
}
