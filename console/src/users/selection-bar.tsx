/** What can be done with all users that are chosen: have their calendars read, or read no more. */
import { createSignal, Show } from 'solid-js'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { usersTexts } from './texts.ts'
import type { UserList } from './user-list.ts'

interface SelectionBarProps {
  readonly list: UserList
  readonly chosen: ReadonlySet<string>
  readonly onChosen: (users: ReadonlySet<string>) => void
  readonly onChanged: () => void
}

export function SelectionBar(props: SelectionBarProps) {
  const { texts } = useLanguage()
  const pageTexts = usePageTexts(usersTexts)
  const [isBusy, setIsBusy] = createSignal(false)
  const setSync = async (users: ReadonlySet<string>, isEnabled: boolean) => {
    const { client } = props.list
    const { onChanged } = props
    setIsBusy(true)
    try {
      const changed = await client.setSyncEnabled(users, isEnabled)
      const undo = { label: texts().now.undo, run: () => void setSync(changed, !isEnabled) }
      const title = isEnabled ? pageTexts().wereEnabled(changed.size) : pageTexts().wereDisabled(changed.size)
      showDone(title, changed.size > 0 ? undo : undefined)
      onChanged()
    } catch (error) {
      showFailed(texts().errors.title, error)
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <section class="selection-bar" aria-label={pageTexts().chosen(props.chosen.size)}>
      <strong role="status">
        <Show when={!isBusy()} fallback={pageTexts().saving}>
          {pageTexts().chosen(props.chosen.size)}
        </Show>
      </strong>
      <button
        type="button"
        class="button primary"
        disabled={isBusy()}
        onClick={() => void setSync(props.chosen, true)}
      >
        {pageTexts().enable}
      </button>
      <button
        type="button"
        class="button"
        disabled={isBusy()}
        onClick={() => void setSync(props.chosen, false)}
      >
        {pageTexts().disable}
      </button>
      <button type="button" class="button quiet" onClick={() => props.onChosen(new Set())}>
        {pageTexts().chooseNone}
      </button>
    </section>
  )
}
