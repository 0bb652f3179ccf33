/** Asks, by its name, for what cannot be undone. */
import { createSignal } from 'solid-js'
import { useLanguage } from '../i18n/language.tsx'
import { Dialog } from './dialog.tsx'
import { FormEnd, useSubmit } from './form-end.tsx'
import { TextField } from './text-field.tsx'

interface ConfirmByNameProps {
  readonly title: string
  /** What will be lost. */
  readonly text: string
  /** What has to be typed. */
  readonly name: string
  readonly action: string
  /** Closes the dialog itself where it went well. */
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

export function ConfirmByName(props: ConfirmByNameProps) {
  const { texts } = useLanguage()
  const [typed, setTyped] = createSignal('')
  const form = useSubmit(() => props.onConfirm())
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <p dir="auto">{props.text}</p>
        <TextField label={texts().dialog.typeName(props.name)} value={typed()} onInput={setTyped} />
        <FormEnd
          form={form}
          action={props.action}
          onCancel={props.onClose}
          isDangerous
          isDisabled={typed().trim() !== props.name.trim()}
        />
      </form>
    </Dialog>
  )
}
