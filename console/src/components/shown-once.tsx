/** A secret that the service just made: seen here once, to be copied. */
import { type PageTexts, usePageTexts } from '../i18n/page-texts.ts'
import { CopyText } from './copy-text.tsx'
import { Dialog } from './dialog.tsx'
import { Notice } from './notice.tsx'

const en = { done: 'I have copied it' }

const shownTexts: PageTexts<typeof en> = {
  en,
  sv: { done: 'Jag har kopierat den' },
  da: { done: 'Jeg har kopieret den' },
  nb: { done: 'Jeg har kopiert den' },
  fi: { done: 'Olen kopioinut sen' }
}

interface ShownOnceProps {
  readonly title: string
  readonly notice: string
  /** What is copied. */
  readonly label: string
  readonly text: string
  readonly help: string
  readonly onClose: () => void
}

export function ShownOnce(props: ShownOnceProps) {
  const texts = usePageTexts(shownTexts)
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Notice kind="soon">{props.notice}</Notice>
      <CopyText text={props.text} label={props.label} />
      <p class="help">{props.help}</p>
      <div class="dialog-actions">
        <button type="button" class="button primary" onClick={() => props.onClose()}>
          {texts().done}
        </button>
      </div>
    </Dialog>
  )
}
