/** A secret that is written and never read: held, or to be typed; the one that is held stays until another is saved. */
import Lock from 'lucide-solid/icons/lock'
import { createEffect, createSignal, on, Show } from 'solid-js'
import { usePageTexts } from '../i18n/page-texts.ts'
import { secretTexts } from './secret-texts.ts'
import { TextField } from './text-field.tsx'

export function SecretField(props: {
  label: string
  help?: string | undefined
  /** Whether one is held already. */
  isHeld: boolean
  /** What is held, the secret left out: once it is another, what was typed is held. */
  held?: unknown
  value: string
  onInput: (value: string) => void
  error?: string | undefined
  isLong?: boolean
}) {
  const texts = usePageTexts(secretTexts)
  const [isReplacing, setIsReplacing] = createSignal(false)
  // What was saved is held from then on.
  createEffect(
    on(
      () => props.held,
      () => setIsReplacing(false),
      { defer: true }
    )
  )
  const isOpen = () => !props.isHeld || isReplacing() || props.value !== '' || props.error !== undefined
  return (
    <Show
      when={isOpen()}
      fallback={
        <div class="field">
          <span class="field-label">{props.label}</span>
          <span class="held-secret">
            <Lock size={14} aria-hidden="true" />
            <span>{texts().held}</span>
            <button
              type="button"
              class="button quiet"
              aria-label={texts().replaceNamed(props.label)}
              onClick={() => setIsReplacing(true)}
            >
              {texts().replace}
            </button>
          </span>
        </div>
      }
    >
      <div class="stack">
        <TextField
          label={props.label}
          type="password"
          isLong={props.isLong ?? false}
          value={props.value}
          onInput={props.onInput}
          error={props.error}
          help={props.isHeld ? texts().untilSaved : props.help}
        />
        <Show when={props.isHeld}>
          <button
            type="button"
            class="button quiet keep-secret"
            onClick={() => {
              props.onInput('')
              setIsReplacing(false)
            }}
          >
            {texts().keep}
          </button>
        </Show>
      </div>
    </Show>
  )
}
