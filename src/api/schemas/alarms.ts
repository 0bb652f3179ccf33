/** Alarms and their settings as they are written and shown. */
import { Type } from 'typebox'
import type {
  AlarmResponse,
  AlarmSettingsResponse,
  PutAlarmSettingsBody
} from '../../alarms/alarm-settings.ts'
import { causeNames, severities } from '../../alarms/causes.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { episodeStates } from '../../storage/alarms.ts'
import { TenantId } from './params.ts'
import { InstantSchema, NullableInstantSchema, NullableString, ref } from './types.ts'

const CauseParam = Enum(causeNames, { description: 'What is wrong.', examples: ['stale'] })

export const ProviderCauseParams = Strict({ cause: CauseParam })
export const TenantCauseParams = Strict({ tenant: TenantId, cause: CauseParam })

const settings = {
  share: Type.Number({
    minimum: 0.05,
    maximum: 1,
    description: 'From which share of stale calendars on `stale` is raised. 0.2 unless set.',
    examples: [0.2]
  }),
  minutes: Type.Integer({
    minimum: 5,
    maximum: 1440,
    description: 'For how many minutes it must hold. 30 unless set.',
    examples: [30]
  }),
  reminderHours: Type.Integer({
    minimum: 1,
    maximum: 168,
    description: 'After how many hours a critical alarm is told again. 24 unless set.',
    examples: [24]
  })
}
const exampleSettings: AlarmSettingsResponse = { share: 0.2, minutes: 30, reminderHours: 24, muteUntil: null }

export const PutAlarmSettingsSchema = schemaOf<PutAlarmSettingsBody>()(
  Strict(
    {
      share: Type.Optional(settings.share),
      minutes: Type.Optional(settings.minutes),
      reminderHours: Type.Optional(settings.reminderHours),
      muteUntil: Type.Optional(
        NullableInstantSchema('Until then nothing is sent, within 90 days; null: it is.', null)
      )
    },
    { $id: 'AlarmSettingsPut', description: 'When alarms are raised and told.', examples: [exampleSettings] }
  )
)

export const AlarmSettingsSchema = schemaOf<AlarmSettingsResponse>()(
  Strict(
    { ...settings, muteUntil: NullableInstantSchema('Until then nothing is sent; null: it is.', null) },
    { $id: 'AlarmSettings', description: 'When alarms are raised and told.', examples: [exampleSettings] }
  )
)

export const MuteSchema = Strict(
  {
    until: NullableInstantSchema('Until when the cause is told to nobody, within 90 days; null: no longer.')
  },
  { $id: 'AlarmMute', description: 'A cause that is muted.', examples: [{ until: '2026-12-02T08:00:00Z' }] }
)

const stale: AlarmResponse = {
  cause: 'stale',
  severity: 'critical',
  state: 'firing',
  since: '2026-11-23T06:14:00Z',
  episode: 'e12',
  users: 12,
  hint: 'The page of the connection names the calendars, each with what to do.',
  mutedUntil: null
}

export const AlarmSchema = schemaOf<AlarmResponse>()(
  Strict(
    {
      tenant: Type.Optional(
        NullableString({
          description:
            'Of the provider’s list alone: whose it is; null: of many tenants at once, or the provider’s own.',
          examples: ['acme']
        })
      ),
      cause: Enum(causeNames, { description: 'What is wrong.', examples: ['stale'] }),
      severity: Enum(severities, { description: 'How grave it is.', examples: ['critical'] }),
      state: Enum(episodeStates, {
        description: '`pending`: not long enough to be told yet; `firing`; `clearing`: not long enough over.',
        examples: ['firing']
      }),
      since: InstantSchema('When it began.', '2026-11-23T06:14:00Z'),
      episode: Type.String({ description: 'Names this time.', examples: ['e12'] }),
      users: Type.Integer({ minimum: 0, description: 'How many users are affected.', examples: [12] }),
      hint: Type.String({ description: 'What to do, in the tenant’s language.' }),
      mutedUntil: NullableInstantSchema('Until when it is told to nobody; null: it is told.', null)
    },
    { $id: 'Alarm', description: 'A condition that holds, or held a moment ago.', examples: [stale] }
  )
)

export const AlarmListSchema = Strict(
  { alarms: Type.Array(ref(AlarmSchema), { description: 'What is not in order.' }) },
  { $id: 'AlarmList', description: 'The alarms as they are.', examples: [{ alarms: [stale] }] }
)

export const alarmSchemas = [
  PutAlarmSettingsSchema,
  AlarmSettingsSchema,
  MuteSchema,
  AlarmSchema,
  AlarmListSchema
]
