/** The code that was sent to a recipient is given back: from then on alarms go there. */
import { createSignal, Show } from 'solid-js'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { Notice } from '../components/notice.tsx'
import { TextField } from '../components/text-field.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import type { AlarmsClient, Recipient } from './alarms-client.ts'
import { alarmsTexts } from './texts.ts'

export function ConfirmRecipientDialog(props: {
  client: AlarmsClient
  of: Recipient
  onConfirmed: () => void
  onClose: () => void
}) {
  const page = useLanguage().texts
  const texts = usePageTexts(alarmsTexts)
  const [code, setCode] = createSignal('')
  const [last, setLast] = createSignal(props.of.lastResult)
  const form = useSubmit(async () => {
    await props.client.confirm(props.of.recipient, code().trim())
    props.onConfirmed()
  })
  const sendAnother = async () => {
    try {
      const { lastResult } = await props.client.sendCode(props.of.recipient)
      setLast(lastResult)
      if (lastResult?.ok) showDone(texts().codeSent(props.of.to))
    } catch (error) {
      showFailed(page().errors.title, error)
    }
  }
  const failed = () => {
    const result = last()
    return result !== null && !result.ok ? result.code : null
  }
  return (
    <Dialog title={texts().confirmNamed(props.of.recipient)} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <Show when={failed()} fallback={<p>{texts().codeHelp(props.of.to)}</p>}>
          <Notice kind="failed">{texts().codeNotSent(texts().results[failed() ?? 'temporary'])}</Notice>
        </Show>
        <TextField
          label={texts().code}
          value={code()}
          onInput={setCode}
          error={form.errorOf('code')}
          pattern="\s*[0-9]{6}\s*"
          required
        />
        <div>
          <button type="button" class="button quiet" onClick={() => void sendAnother()}>
            {texts().anotherCode}
          </button>
        </div>
        <FormEnd form={form} action={texts().confirm} onCancel={props.onClose} />
      </form>
    </Dialog>
  )
}
