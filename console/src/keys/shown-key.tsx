/** A key that was just made: seen here once, to be copied. */

import { CopyText } from '../components/copy-text.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
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
      <Present value={props.made.previousUntil}>
        {(until) => <p class="help">{texts().previousUntil(when(until()))}</p>}
      </Present>
      <div class="dialog-actions">
        <button type="button" class="button primary" onClick={() => props.onClose()}>
          {texts().haveIt}
        </button>
      </div>
    </Dialog>
  )
}
