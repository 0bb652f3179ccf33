/** What was just done, with its undo, for ten seconds; or what failed, until it is closed. */

import { createToaster, Toast, Toaster } from '@ark-ui/solid/toast'
import X from 'lucide-solid/icons/x'
import { Show } from 'solid-js'
import { useLanguage } from '../i18n/language.tsx'
import { Present } from './present.tsx'

const toaster = createToaster({ placement: 'bottom', overlap: false, gap: 8, max: 3 })

export function showDone(title: string, undo?: { label: string; run: () => void }): void {
  toaster.create({
    title,
    type: 'success',
    duration: 10_000,
    ...(undo === undefined ? {} : { action: { label: undo.label, onClick: undo.run } })
  })
}

export function showFailed(title: string, error: unknown): void {
  const description = error instanceof Error ? error.message : String(error)
  toaster.create({ title, description, type: 'error', duration: Number.POSITIVE_INFINITY })
}

export function Toasts() {
  const { texts } = useLanguage()
  return (
    <Toaster toaster={toaster}>
      {(toast) => (
        <Toast.Root class={`toast ${toast().type === 'error' ? 'failed' : 'open'}`}>
          <div>
            <Toast.Title class="toast-title">{toast().title}</Toast.Title>
            <Show when={toast().description}>
              <Toast.Description class="toast-text">{toast().description}</Toast.Description>
            </Show>
          </div>
          <Present value={toast().action}>
            {(action) => <Toast.ActionTrigger class="button quiet">{action().label}</Toast.ActionTrigger>}
          </Present>
          <Toast.CloseTrigger class="button quiet icon-only" aria-label={texts().dialog.close}>
            <X size={16} aria-hidden="true" />
          </Toast.CloseTrigger>
        </Toast.Root>
      )}
    </Toaster>
  )
}
