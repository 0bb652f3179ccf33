/** A dialog over the page: the browser keeps the focus in it, and gives it back afterwards. Escape closes it. */
import X from 'lucide-solid/icons/x'
import { onCleanup, onMount, type ParentProps } from 'solid-js'
import { useLanguage } from '../i18n/language.tsx'

export function Dialog(props: ParentProps<{ title: string; onClose: () => void }>) {
  const { texts } = useLanguage()
  const titleId = `dialog-${Math.random().toString(36).slice(2)}`
  let element!: HTMLDialogElement
  onMount(() => {
    element.showModal()
    // The browser would choose the button that closes it.
    element.querySelector<HTMLElement>('input, select, textarea')?.focus()
  })
  onCleanup(() => element.close())
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        props.onClose()
      }}
    >
      <div class="title-line">
        <h2 id={titleId} dir="auto">
          {props.title}
        </h2>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label={texts().dialog.close}
          onClick={() => props.onClose()}
        >
          <X size={18} aria-hidden="true" />
        </button>
      </div>
      {props.children}
    </dialog>
  )
}
