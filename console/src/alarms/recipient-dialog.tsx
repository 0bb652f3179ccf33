/** A recipient of alarms is added or edited: by which way, where to, in which language, and when not. */
import { For, Show } from 'solid-js'
import { createStore } from 'solid-js/store'
import { Choice } from '../components/choice.tsx'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, type FormSubmission, useSubmit } from '../components/form-end.tsx'
import { CheckField, SelectField, TextField, timeText } from '../components/text-field.tsx'
import { languages, useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { AlarmsClient, Recipient } from './alarms-client.ts'
import { type RecipientValues, recipientBodyOf, recipientValuesOf } from './recipient-values.ts'
import { alarmsTexts } from './texts.ts'

interface FieldsProps {
  readonly values: RecipientValues
  readonly set: (changed: Partial<RecipientValues>) => void
  readonly form: FormSubmission
}

export function RecipientDialog(props: {
  client: AlarmsClient
  /** Null: one is added. */
  held: Recipient | null
  onSaved: (saved: Recipient) => void
  onClose: () => void
}) {
  const texts = usePageTexts(alarmsTexts)
  const { language } = useLanguage()
  const [values, setValues] = createStore<RecipientValues>(recipientValuesOf(props.held, language()))
  const form = useSubmit(async () =>
    props.onSaved(await props.client.put(values.id.trim(), recipientBodyOf(values)))
  )
  const set = (changed: Partial<RecipientValues>) => setValues(changed)
  return (
    <Dialog title={props.held?.recipient ?? texts().add} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <Show when={props.held === null}>
          <TextField
            label={texts().fields.id}
            help={texts().fields.idHelp}
            value={values.id}
            onInput={(id) => set({ id })}
            error={form.errorOf('recipient')}
            pattern="[A-Za-z0-9][A-Za-z0-9._@+\-]{0,63}"
            required
          />
        </Show>
        <Choice
          label={texts().fields.channel}
          value={values.channel}
          onChange={(channel) => set({ channel, to: '' })}
          choices={(['email', 'sms', 'webhook'] as const).map((value) => ({
            value,
            label: texts().channels[value]
          }))}
        />
        <TextField
          label={texts().fields.to[values.channel]}
          help={
            props.held?.channel === 'webhook' && values.channel === 'webhook'
              ? texts().fields.webhookHeld(props.held.to)
              : texts().fields.toHelp
          }
          value={values.to}
          onInput={(to) => set({ to })}
          error={form.errorOf('to')}
          required
        />
        <Show when={values.channel === 'webhook'}>
          <SelectField
            label={texts().fields.format}
            value={values.format}
            onInput={(format) => set({ format: format as RecipientValues['format'] })}
            options={(['standard', 'slack', 'teams'] as const).map((value) => ({
              value,
              label: texts().formats[value]
            }))}
            error={form.errorOf('format')}
          />
        </Show>
        <SelectField
          label={texts().fields.minSeverity}
          value={values.minSeverity}
          onInput={(one) => set({ minSeverity: one as RecipientValues['minSeverity'] })}
          options={(['warning', 'critical'] as const).map((value) => ({
            value,
            label: texts().from[value]
          }))}
        />
        <SelectField
          label={texts().fields.language}
          value={values.language}
          onInput={(one) => set({ language: one as RecipientValues['language'] })}
          options={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        />
        <QuietFields values={values} set={set} form={form} />
        <Show when={values.channel !== 'sms'}>
          <CheckField
            label={texts().fields.digest}
            help={texts().fields.digestHelp}
            checked={values.hasDigest}
            onChange={(hasDigest) => set({ hasDigest })}
          />
          <Show when={values.hasDigest}>
            <TextField
              label={texts().fields.digestAt}
              {...timeText}
              value={values.digest}
              onInput={(digest) => set({ digest })}
              error={form.errorOf('digest')}
              required
            />
          </Show>
        </Show>
        <FormEnd
          form={form}
          action={props.held === null ? texts().add : texts().save}
          onCancel={props.onClose}
        />
      </form>
    </Dialog>
  )
}

/** When messages wait. */
function QuietFields(props: FieldsProps) {
  const texts = usePageTexts(alarmsTexts)
  const { timeFormat } = useTimes()
  const nameOf = (day: number) =>
    // 2024-01-01 was a Monday.
    new Intl.DateTimeFormat(timeFormat().language, { weekday: 'short', timeZone: 'UTC' }).format(
      Date.UTC(2024, 0, day)
    )
  const toggle = (day: number, isChosen: boolean) =>
    props.set({
      quietDays: [1, 2, 3, 4, 5, 6, 7].filter((one) =>
        one === day ? isChosen : props.values.quietDays.includes(one)
      )
    })
  return (
    <>
      <CheckField
        label={texts().fields.quiet}
        help={texts().fields.quietHelp}
        checked={props.values.hasQuiet}
        onChange={(hasQuiet) => props.set({ hasQuiet })}
      />
      <Show when={props.values.hasQuiet}>
        <div class="side-by-side">
          <TextField
            label={texts().fields.quietFrom}
            {...timeText}
            value={props.values.quietFrom}
            onInput={(quietFrom) => props.set({ quietFrom })}
            error={props.form.errorOf('quiet/from')}
            required
          />
          <TextField
            label={texts().fields.quietTo}
            {...timeText}
            value={props.values.quietTo}
            onInput={(quietTo) => props.set({ quietTo })}
            error={props.form.errorOf('quiet/to')}
            required
          />
        </div>
        <fieldset class="checks">
          <legend>{texts().fields.quietDays}</legend>
          <div class="week-days">
            <For each={[1, 2, 3, 4, 5, 6, 7]}>
              {(day) => (
                <CheckField
                  label={nameOf(day)}
                  checked={props.values.quietDays.includes(day)}
                  onChange={(isChosen) => toggle(day, isChosen)}
                />
              )}
            </For>
          </div>
        </fieldset>
        <CheckField
          label={texts().fields.criticalToo}
          checked={props.values.criticalToo}
          onChange={(criticalToo) => props.set({ criticalToo })}
        />
      </Show>
    </>
  )
}
