/** A key that was just made: seen here once, to be copied. */
import { Show } from 'solid-js'
import { CopyText } from '../components/copy-text.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Notice } from '../components/notice.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { NewKey } from './keys-client.ts'
import { keysTexts } from './texts.ts'

export function ShownKey(props: { made: NewKey; onClose: () => void }) {
  const texts = usePageTexts(keysTexts)
  const { when } = useTimes()
  return (
    <Dialog title={props.made.name} onClose={props.onClose}>
      <Notice kind="soon">{texts().shownOnce}</Notice>
      <CopyText text={props.made.key} label={texts().theKey} />
      <p class="help">{texts().howSent}</p>
      <Show when={props.made.previousUntil}>
        {(until) => <p class="help">{texts().previousUntil(when(until()))}</p>}
      </Show>
      <div class="dialog-actions">
        <button type="button" class="button primary" onClick={() => props.onClose()}>
          {texts().haveIt}
        </button>
      </div>
    </Dialog>
  )
}
