/** The form of office hours, of a customer or of one user: the week, holidays, days of one's own, and what holds outside them. */
import { For } from 'solid-js'
import { createStore } from 'solid-js/store'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { CheckField, SelectField, TextField, timeText } from '../components/text-field.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import {
  type HoursValues,
  hoursOf,
  hoursValuesOf,
  type OfficeHours,
  tidySpans,
  weekDays
} from './hours-values.ts'
import { hoursTexts } from './texts.ts'

const countries = ['SE', 'NO', 'DK', 'FI', 'IS'] as const

export function HoursForm(props: {
  held: OfficeHours | null
  onSave: (hours: OfficeHours) => Promise<void>
}) {
  const texts = usePageTexts(hoursTexts)
  const { language } = useLanguage()
  const { diversions, labelOf } = useTenant()
  const [values, setValues] = createStore<HoursValues>(hoursValuesOf(props.held))
  const form = useSubmit(() => props.onSave(hoursOf(values, props.held)))
  const errorOf = (member: string) => form.errorOf(`officeHours/${member}`)
  const errorBelow = (member: string) =>
    errorOf(member) ?? [0, 1, 2, 3].map((at) => errorOf(`${member}/${at}`)).find((one) => one !== undefined)
  const dayName = (at: number) =>
    // 2024-01-01 was a Monday.
    new Intl.DateTimeFormat(language(), { weekday: 'long', timeZone: 'UTC' }).format(
      Date.UTC(2024, 0, at + 1)
    )
  const countryName = (code: string) =>
    new Intl.DisplayNames([language()], { type: 'region' }).of(code) ?? code
  return (
    <form class="form" onSubmit={form.submit}>
      <section class="card" aria-labelledby="week-title">
        <h2 id="week-title">{texts().week}</h2>
        <p class="help">{texts().weekHelp}</p>
        <div class="side-by-side">
          <For each={weekDays}>
            {(day, at) => (
              <TextField
                label={dayName(at())}
                value={values.week[day]}
                onInput={(text) => setValues({ week: { ...values.week, [day]: text } })}
                tidy={tidySpans}
                error={errorBelow(`week/${day}`)}
                placeholder={texts().closed}
              />
            )}
          </For>
        </div>
        <SelectField
          label={texts().outside}
          help={texts().outsideHelp}
          value={values.outside}
          onInput={(outside) => setValues({ outside })}
          options={[
            { value: '', label: texts().nothing },
            ...diversions().map(({ code }) => ({ value: code, label: labelOf(code) }))
          ]}
          error={errorOf('outside')}
        />
      </section>
      <section class="card" aria-labelledby="holidays-title">
        <h2 id="holidays-title">{texts().holidays}</h2>
        <div class="side-by-side">
          <SelectField
            label={texts().country}
            value={values.country}
            onInput={(country) => setValues({ country })}
            options={[
              { value: '', label: texts().nobodys },
              ...countries.map((value) => ({ value, label: countryName(value) }))
            ]}
            error={errorOf('holidays/country')}
          />
          <TextField
            label={texts().dayBefore}
            help={texts().dayBeforeHelp}
            {...timeText}
            placeholder="12:00"
            value={values.dayBefore}
            onInput={(dayBefore) => setValues({ dayBefore })}
            error={errorOf('holidays/dayBefore/until')}
          />
        </div>
        <CheckField
          label={texts().bridge}
          checked={values.bridge}
          onChange={(bridge) => setValues({ bridge })}
        />
        <TextField
          label={texts().add}
          help={texts().addHelp}
          isLong
          value={values.add}
          onInput={(add) => setValues({ add })}
          error={errorBelow('holidays/add') ?? errorOf('holidays/add/0/date')}
        />
        <TextField
          label={texts().removeDays}
          help={texts().removeDaysHelp}
          value={values.remove}
          onInput={(remove) => setValues({ remove })}
          error={errorBelow('holidays/remove')}
        />
      </section>
      <FormEnd form={form} action={texts().save} />
    </form>
  )
}
