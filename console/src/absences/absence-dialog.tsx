/** An absence is entered, or changed: which diversion holds, from when until when. Tomorrow from 8 to 17 unless somebody says otherwise. */
import { createSignal, For } from 'solid-js'
import { createStore } from 'solid-js/store'
import type { Status } from '../api/client.ts'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { SelectField, TextField, timeText } from '../components/text-field.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { type AbsenceSpan, instantsOf, spanOf, spans } from './absence-span.ts'
import { type Absence, AbsencesClient } from './absences-client.ts'
import { absencesTexts } from './texts.ts'
import './absences.css'

interface AbsenceDialogProps {
  readonly of: Pick<Status, 'user' | 'displayName' | 'timeZone'>
  /** Null: another is entered. */
  readonly held: Absence | null
  readonly onSaved: () => void
  readonly onClose: () => void
}

/** What is entered most of what the catalogue may have. */
const USUAL = 'out-of-office'

export default function AbsenceDialog(props: AbsenceDialogProps) {
  const page = useLanguage().texts
  const texts = usePageTexts(absencesTexts)
  const { tenant, diversions, labelOf, now } = useTenant()
  const { timeZone } = props.of
  const first = () => diversions().find(({ code }) => code === USUAL)?.code ?? diversions()[0]?.code ?? ''
  const [diversion, setDiversion] = createSignal(props.held?.diversion ?? first())
  const [span, setSpan] = createStore<AbsenceSpan>(
    props.held === null
      ? spans.tomorrow(now(), timeZone)
      : spanOf(props.held.from, props.held.until, timeZone)
  )
  const client = new AbsencesClient(tenant(), props.of.user)
  const form = useSubmit(async () => {
    const absence: Absence = {
      ...(props.held ?? { absence: newId(span.fromDay) }),
      diversion: diversion(),
      ...instantsOf(span, timeZone)
    }
    await client.put(absence)
    const { held } = props
    const undo = async () => {
      try {
        if (held === null) await client.remove(absence.absence)
        else await client.put(held)
        props.onSaved()
      } catch (error) {
        showFailed(page().errors.title, error)
      }
    }
    showDone(texts().entered(props.of.displayName, labelOf(absence.diversion)), {
      label: page().now.undo,
      run: () => void undo()
    })
    props.onSaved()
    props.onClose()
  })
  const field = (name: keyof AbsenceSpan) => ({
    value: span[name],
    onInput: (value: string) => setSpan({ [name]: value })
  })
  return (
    <Dialog title={texts().title(props.of.displayName)} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <SelectField
          label={texts().diversion}
          value={diversion()}
          onInput={setDiversion}
          options={diversions().map(({ code }) => ({ value: code, label: labelOf(code) }))}
          error={form.errorOf('diversion')}
        />
        <div class="side-by-side">
          <TextField
            label={texts().fromDay}
            type="date"
            {...field('fromDay')}
            error={form.errorOf('from')}
            required
          />
          <TextField label={texts().fromTime} {...timeText} {...field('fromTime')} required />
        </div>
        <div class="side-by-side">
          <TextField
            label={texts().untilDay}
            type="date"
            {...field('untilDay')}
            error={form.errorOf('until')}
            required
          />
          <TextField label={texts().untilTime} {...timeText} {...field('untilTime')} required />
        </div>
        <div class="quick-spans">
          <For each={['tomorrow', 'today', 'monday'] as const}>
            {(name) => (
              <button type="button" class="button" onClick={() => setSpan(spans[name](now(), timeZone))}>
                {texts().quick[name]}
              </button>
            )}
          </For>
        </div>
        <p class="help">{texts().zone(timeZone)}</p>
        <FormEnd form={form} action={texts().save} onCancel={props.onClose} />
      </form>
    </Dialog>
  )
}

/** No one else's: a user has a few. */
function newId(day: string): string {
  return `${day}-${Math.random().toString(36).slice(2, 8)}`
}
