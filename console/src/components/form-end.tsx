/** How a form is sent: what is wrong with which field, what is wrong altogether, and the buttons below it. */

import { createSignal } from 'solid-js'
import { ApiError } from '../api/client.ts'
import { useLanguage } from '../i18n/language.tsx'
import { Notice } from './notice.tsx'
import { Present } from './present.tsx'

export interface FormSubmission {
  readonly submit: (event: SubmitEvent) => void
  readonly isBusy: () => boolean
  /** Null: it has not failed. */
  readonly fault: () => string | null
  /** What is wrong with a member of the body, named as the API names it. */
  readonly errorOf: (field: string) => string | undefined
}

/** `send` rejects where it fails; an ApiError's members are shown at their fields. */
export function useSubmit(send: () => Promise<unknown>): FormSubmission {
  const { texts } = useLanguage()
  const [error, setError] = createSignal<unknown>(null)
  const [isBusy, setIsBusy] = createSignal(false)
  const run = async () => {
    setError(null)
    setIsBusy(true)
    try {
      await send()
    } catch (error) {
      setError(error)
    } finally {
      setIsBusy(false)
    }
  }
  return {
    isBusy,
    submit: (event) => {
      event.preventDefault()
      if (!isBusy()) void run()
    },
    fault: () => (error() === null ? null : messageOf(error(), texts().errors.unreachable)),
    errorOf: (field) => {
      const failure = error()
      return failure instanceof ApiError
        ? failure.errors.find((one) => one.field === field)?.message
        : undefined
    }
  }
}

/** Without words of its own an error is a service that did not answer. */
export function messageOf(error: unknown, unreachable: string): string {
  return error instanceof Error && error.message !== '' ? error.message : unreachable
}

export function FormEnd(props: {
  form: FormSubmission
  action: string
  onCancel?: () => void
  isDangerous?: boolean
  isDisabled?: boolean
}) {
  const { texts } = useLanguage()
  return (
    <>
      <div role="alert">
        <Present value={props.form.fault()}>
          {(message) => (
            <Notice kind="failed">
              <span dir="auto">{message()}</span>
            </Notice>
          )}
        </Present>
      </div>
      <div class="dialog-actions">
        <Present value={props.onCancel}>
          {(onCancel) => (
            <button type="button" class="button" onClick={() => onCancel()()}>
              {texts().dialog.cancel}
            </button>
          )}
        </Present>
        <button
          type="submit"
          class={`button ${props.isDangerous ? 'danger' : 'primary'}`}
          disabled={props.form.isBusy() || props.isDisabled}
        >
          {props.action}
        </button>
      </div>
    </>
  )
}
