/** Recipients of alarms as they are written and shown. */
import { Type } from 'typebox'
import { severities } from '../../alarms/causes.ts'
import { TIME_PATTERN } from '../../alarms/quiet-hours.ts'
import type { PutRecipientBody } from '../../alarms/recipient-body.ts'
import type { RecipientResponse } from '../../alarms/recipient-response.ts'
import type { RecipientTestResponse } from '../../alarms/recipients.ts'
import { channels, sendCodes } from '../../alarms/senders/alarm-sender.ts'
import { webhookFormats } from '../../alarms/senders/webhook.ts'
import { alarmLanguages } from '../../alarms/texts/languages.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { TenantId } from './params.ts'
import { InstantSchema, Nullable, NullableString, ref } from './types.ts'

const RecipientId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
  description: 'The recipient’s id: 1 to 64 of letters, digits and `. _ @ + -`, a letter or digit first.',
  examples: ['it']
})

export const ProviderRecipientParams = Strict({ recipient: RecipientId })
export const TenantRecipientParams = Strict({ tenant: TenantId, recipient: RecipientId })

const ChannelSchema = Enum(channels, { description: 'How messages go there.', examples: ['email'] })
const To = Type.String({
  minLength: 1,
  maxLength: 2000,
  description:
    'One e-mail address; one number as E.164; or one URL. Of a webhook only its host is shown: the rest may be a secret.',
  examples: ['it@acme.example']
})
const Time = (description: string, example: string) =>
  Type.String({ pattern: TIME_PATTERN, description, examples: [example] })
const quiet = {
  from: Time('When they begin, local time.', '18:00'),
  to: Time('When they end; not after `from`: on the next day.', '07:00')
}
const Days = Type.Array(Type.Integer({ minimum: 1, maximum: 7, description: '1 is Monday, 7 is Sunday.' }), {
  minItems: 1,
  maxItems: 7,
  description: 'The days on which they begin: 1 is Monday, 7 is Sunday. Every day unless stated.',
  examples: [[1, 2, 3, 4, 5]]
})
const CriticalToo = Type.Boolean({
  description: 'Whether critical alarms wait too. False unless stated.',
  examples: [false]
})
const QuietPutSchema = Strict(
  { ...quiet, days: Type.Optional(Days), criticalToo: Type.Optional(CriticalToo) },
  {
    $id: 'QuietHoursPut',
    description: 'When messages wait: what is over by their end is not sent at all.',
    examples: [{ from: '18:00', to: '07:00', days: [1, 2, 3, 4, 5] }]
  }
)
const QuietSchema = Strict(
  { ...quiet, days: Days, criticalToo: CriticalToo },
  {
    $id: 'QuietHours',
    description: 'When messages wait.',
    examples: [{ from: '18:00', to: '07:00', days: [1, 2, 3, 4, 5], criticalToo: false }]
  }
)
const MinSeverity = Enum(severities, {
  description: 'From which severity on. `warning` unless stated.',
  examples: ['warning']
})
const Language = Enum(alarmLanguages, {
  description: 'Of the messages. The tenant’s unless stated, or English.',
  examples: ['sv']
})
const formatDescription =
  'Of a webhook alone: `standard` (Standard Webhooks, signed) unless stated, or what Slack or Teams take.'
const Format = Enum(webhookFormats, {
  description: formatDescription,
  examples: ['standard']
})
const zone = {
  description:
    'Of quiet hours and digest: an IANA name. Null, or left out: the tenant’s; of the provider UTC.',
  examples: ['Europe/Stockholm']
}
const digest = {
  pattern: TIME_PATTERN,
  description: 'When the daily digest comes, local time; null, or left out: none. Without news none is sent.',
  examples: ['07:30']
}

const email: PutRecipientBody = {
  channel: 'email',
  to: 'it@acme.example',
  minSeverity: 'warning',
  language: 'sv',
  quiet: { from: '18:00', to: '07:00', days: [1, 2, 3, 4, 5] },
  digest: '07:30'
}

export const PutRecipientSchema = schemaOf<PutRecipientBody>()(
  Strict(
    {
      channel: ChannelSchema,
      to: To,
      format: Type.Optional(Format),
      minSeverity: Type.Optional(MinSeverity),
      language: Type.Optional(Language),
      timeZone: Type.Optional(NullableString(zone)),
      quiet: Type.Optional(
        Nullable(ref(QuietPutSchema), { description: 'When messages wait; null: never.' })
      ),
      digest: Type.Optional(NullableString(digest))
    },
    {
      $id: 'AlarmRecipientPut',
      description:
        'To whom alarms go. A new address gets a code, and nothing else until the code was given back.',
      examples: [email, { channel: 'webhook', to: 'https://hooks.acme.example/alarms' }]
    }
  )
)

const it: RecipientResponse = {
  recipient: 'it',
  channel: 'email',
  to: 'it@acme.example',
  format: null,
  minSeverity: 'warning',
  language: 'sv',
  timeZone: null,
  quiet: { from: '18:00', to: '07:00', days: [1, 2, 3, 4, 5], criticalToo: false },
  digest: '07:30',
  confirmed: false,
  lastResult: { at: '2026-11-23T08:00:00Z', ok: true, code: 'sent' }
}
const SendCodeSchema = Enum(sendCodes, { description: 'What came of it.', examples: ['sent'] })

export const RecipientSchema = schemaOf<RecipientResponse>()(
  Strict(
    {
      recipient: RecipientId,
      channel: ChannelSchema,
      to: To,
      format: NullableString({
        enum: [...webhookFormats, null],
        description: formatDescription,
        examples: [null]
      }),
      minSeverity: MinSeverity,
      language: Language,
      timeZone: NullableString(zone),
      quiet: Nullable(ref(QuietSchema), { description: 'When messages wait; null: never.' }),
      digest: NullableString(digest),
      confirmed: Type.Boolean({
        description: 'Whether the code was given back. Until then nothing else is sent.',
        examples: [false]
      }),
      lastResult: Type.Unsafe<RecipientResponse['lastResult']>({
        description: 'What came of the last message; null: none was sent yet.',
        anyOf: [
          Strict({
            at: InstantSchema('When it was sent.'),
            ok: Type.Boolean({ description: 'Whether the far side took it.', examples: [true] }),
            code: SendCodeSchema
          }),
          { type: 'null' }
        ]
      }),
      secret: Type.Optional(
        Type.String({
          description:
            'Of a webhook: what signs its posts. Shown in the answer that made it, and never again.',
          examples: ['whsec_ and 44 signs of base64']
        })
      )
    },
    { $id: 'AlarmRecipient', description: 'To whom alarms go.', examples: [it] }
  )
)

export const RecipientListSchema = Strict(
  { recipients: Type.Array(ref(RecipientSchema), { description: 'In the order in which they were made.' }) },
  { $id: 'AlarmRecipientList', description: 'All recipients.', examples: [{ recipients: [it] }] }
)

export const ConfirmSchema = Strict(
  {
    code: Type.String({
      pattern: '^\\d{6}$',
      description: 'The six digits that were sent there.',
      examples: ['408153']
    })
  },
  { $id: 'AlarmRecipientConfirm', description: 'The code that was sent.', examples: [{ code: '408153' }] }
)

export const RecipientTestSchema = schemaOf<RecipientTestResponse>()(
  Strict(
    {
      ok: Type.Boolean({ description: 'Whether the far side took the message.', examples: [true] }),
      code: SendCodeSchema,
      said: NullableString({ description: 'What it said, shortened.', examples: ['250 2.0.0 queued'] })
    },
    {
      $id: 'AlarmRecipientTest',
      description: 'What came of a test message.',
      examples: [{ ok: true, code: 'sent', said: '250 2.0.0 queued' }]
    }
  )
)

export const alarmRecipientSchemas = [
  QuietPutSchema,
  QuietSchema,
  PutRecipientSchema,
  RecipientSchema,
  RecipientListSchema,
  ConfirmSchema,
  RecipientTestSchema
]
