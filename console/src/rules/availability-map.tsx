/** What a busy status alone gives, where no trigger takes the event. */
import { For } from 'solid-js'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import type { RulesDraft } from './draft.ts'

const BUSY_STATUSES = ['busy', 'tentative', 'oof', 'workingElsewhere', 'free'] as const

export function AvailabilityMap(props: { draft: RulesDraft }) {
  const { texts } = useLanguage()
  const { labelOf } = useTenant()
  return (
    <section class="card" aria-labelledby="availability-title">
      <h2 id="availability-title">{texts().rules.availability}</h2>
      <p class="help">{texts().rules.availabilityHelp}</p>
      <For each={BUSY_STATUSES}>
        {(status) => (
          <label class="field-line">
            <span>{texts().rules.busyStatus[status]}</span>
            <select
              value={props.draft.availability[status] ?? ''}
              onChange={(event) => {
                const { value } = event.currentTarget
                props.draft.availability = {
                  ...props.draft.availability,
                  [status]: value === '' ? null : value
                }
              }}
            >
              <option value="">{texts().rules.none}</option>
              <For each={props.draft.diversions}>
                {({ code }) => <option value={code}>{labelOf(code)}</option>}
              </For>
            </select>
          </label>
        )}
      </For>
    </section>
  )
}
