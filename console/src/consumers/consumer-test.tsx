/** A consumer is tested with the very calls that a send makes, step by step. */
import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { createSignal, Show } from 'solid-js'
import { CheckSteps } from '../components/check-steps.tsx'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { Present } from '../components/present.tsx'
import { TextField } from '../components/text-field.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import type { Consumer, ConsumersClient } from './consumers-client.ts'
import { consumersTexts } from './texts.ts'

export function ConsumerTestDialog(props: { client: ConsumersClient; of: Consumer; onClose: () => void }) {
  const texts = usePageTexts(consumersTexts)
  const [user, setUser] = createSignal('')
  const [result, setResult] = createSignal<Awaited<ReturnType<ConsumersClient['test']>> | null>(null)
  const form = useSubmit(async () => {
    setResult(null)
    setResult(await props.client.test(props.of.consumer, user().trim()))
  })
  return (
    <Dialog title={texts().testNamed(props.of.consumer)} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <p class="help">{texts().testHelp}</p>
        <Show when={props.of.kind !== 'webhook'}>
          <TextField label={texts().testUser} value={user()} onInput={setUser} error={form.errorOf('user')} />
        </Show>
        <div role="status" class="stack">
          <Show when={form.isBusy()}>
            <p class="test-step">
              <LoaderCircle size={18} class="turning" aria-hidden="true" />
              {texts().testing}
            </p>
          </Show>
          <Present value={result()}>
            {(result) => <CheckSteps of={result()} labels={texts().steps} />}
          </Present>
        </div>
        <FormEnd form={form} action={texts().test} />
      </form>
    </Dialog>
  )
}
