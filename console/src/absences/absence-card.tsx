/** The absences of one person: entered, changed and removed. */
import Plus from 'lucide-solid/icons/plus'
import X from 'lucide-solid/icons/x'
import { createEffect, createMemo, createResource, createSignal, For, on, Show } from 'solid-js'
import type { Status } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import AbsenceDialog from './absence-dialog.tsx'
import { type Absence, AbsencesClient } from './absences-client.ts'
import { absencesTexts } from './texts.ts'

/** `onChanged`: what holds may be another. */
export function AbsenceCard(props: { of: Status; onChanged: () => void }) {
  const page = useLanguage().texts
  const texts = usePageTexts(absencesTexts)
  const { tenant, labelOf, when } = useTenant()
  const client = createMemo(() => new AbsencesClient(tenant(), props.of.user))
  const [absences, { refetch }] = createResource(client, (client) => client.list())
  const [edited, setEdited] = createSignal<Absence | 'new' | null>(null)
  // Somebody else may have entered one.
  createEffect(on([() => props.of.diversion, () => props.of.since], () => void refetch(), { defer: true }))
  const onSaved = () => {
    void refetch()
    props.onChanged()
  }
  const attempt = async (act: () => Promise<void>): Promise<boolean> => {
    try {
      await act()
      onSaved()
      return true
    } catch (error) {
      showFailed(page().errors.title, error)
      return false
    }
  }
  const remove = async (absence: Absence) => {
    if (!(await attempt(() => client().remove(absence.absence)))) return
    showDone(texts().removed(labelOf(absence.diversion)), {
      label: page().now.undo,
      run: () => void attempt(() => client().put(absence))
    })
  }
  return (
    <section class="card absences" aria-labelledby="absences-title">
      <div class="title-line">
        <h2 id="absences-title">{texts().absences}</h2>
        <button type="button" class="button" onClick={() => setEdited('new')}>
          <Plus size={16} aria-hidden="true" />
          {texts().enter}
        </button>
      </div>
      <Show when={(absences.latest?.length ?? 0) > 0} fallback={<p class="help">{texts().none}</p>}>
        <ul class="plain">
          <For each={absences.latest}>
            {(absence) => (
              <li class="absence-line">
                <span>
                  <button type="button" class="link-button" dir="auto" onClick={() => setEdited(absence)}>
                    {labelOf(absence.diversion)}
                  </button>
                  <span class="soft">{` ${texts().span(when(absence.from), when(absence.until))}`}</span>
                </span>
                <button
                  type="button"
                  class="button quiet icon-only"
                  aria-label={texts().remove(labelOf(absence.diversion), when(absence.from))}
                  onClick={() => void remove(absence)}
                >
                  <X size={16} aria-hidden="true" />
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Present value={edited()}>
        {(edited) => {
          const absence = edited()
          return (
            <AbsenceDialog
              of={props.of}
              held={absence === 'new' ? null : absence}
              onSaved={onSaved}
              onClose={() => setEdited(null)}
            />
          )
        }}
      </Present>
    </section>
  )
}
