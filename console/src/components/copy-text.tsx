/** A command, an address or a key that is to be pasted elsewhere, with a button that copies it. */
import Check from 'lucide-solid/icons/check'
import Copy from 'lucide-solid/icons/copy'
import { createSignal, onCleanup, Show } from 'solid-js'
import { useLanguage } from '../i18n/language.tsx'

/** Milliseconds for which the button says that it copied. */
const SAID_MS = 3000

export function CopyText(props: { text: string; label: string }) {
  const { texts } = useLanguage()
  const [isCopied, setIsCopied] = createSignal(false)
  let element!: HTMLPreElement
  let timer: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => clearTimeout(timer))
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text)
    } catch {
      // Over plain http there is no clipboard: what is marked can be copied by hand.
      getSelection()?.selectAllChildren(element)
      return
    }
    setIsCopied(true)
    clearTimeout(timer)
    timer = setTimeout(() => setIsCopied(false), SAID_MS)
  }
  return (
    <div class="copy-text">
      <pre ref={element}>
        <code>{props.text}</code>
      </pre>
      <button
        type="button"
        class="button quiet icon-only"
        aria-label={texts().copy.copy(props.label)}
        title={texts().copy.copy(props.label)}
        onClick={() => void copy()}
      >
        <Show when={isCopied()} fallback={<Copy size={16} aria-hidden="true" />}>
          <Check size={16} aria-hidden="true" />
        </Show>
      </button>
      <span class="visually-hidden" role="status">
        {isCopied() ? texts().copy.copied : ''}
      </span>
    </div>
  )
}
