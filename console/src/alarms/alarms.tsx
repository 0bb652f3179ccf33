/** The alarms of a customer, or of the provider: what is raised now, who is told, and when. */
import { useParams } from '@solidjs/router'
import Plus from 'lucide-solid/icons/plus'
import { createMemo, createResource, createSignal, onCleanup, Show } from 'solid-js'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { Present } from '../components/present.tsx'
import { ShownOnce } from '../components/shown-once.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { AlarmSettingsForm } from './alarm-settings-form.tsx'
import { alarmsClient, type Recipient } from './alarms-client.ts'
import { ConfirmRecipientDialog } from './confirm-recipient.tsx'
import { CurrentAlarms } from './current-alarms.tsx'
import { RecipientDialog } from './recipient-dialog.tsx'
import { RecipientTable } from './recipient-table.tsx'
import { alarmsTexts } from './texts.ts'
import './alarms.css'

/** Milliseconds between looks at what is raised. */
const LOOK_MS = 15_000

type Step =
  | 'add'
  | { readonly action: 'edit' | 'confirm' | 'remove'; readonly of: Recipient }
  | { readonly action: 'secret'; readonly of: Recipient }

export default function Alarms() {
  const page = useLanguage().texts
  const texts = usePageTexts(alarmsTexts)
  const params = useParams<{ tenant?: string }>()
  const tenant = () => (params.tenant === undefined ? null : decodeURIComponent(params.tenant))
  const client = createMemo(() => alarmsClient(tenant()))
  const [alarms, { refetch: lookAgain }] = createResource(client, (client) => client.list())
  const [recipients, { refetch }] = createResource(client, (client) => client.recipients())
  const [step, setStep] = createSignal<Step | null>(null)
  const timer = setInterval(() => {
    if (!document.hidden) void lookAgain()
  }, LOOK_MS)
  onCleanup(() => clearInterval(timer))
  const close = () => setStep(null)
  const stepOf = (action: 'edit' | 'confirm' | 'remove' | 'secret') => {
    const now = step()
    return now !== null && now !== 'add' && now.action === action ? now.of : null
  }
  const onSaved = (saved: Recipient) => {
    if (saved.secret !== undefined) setStep({ action: 'secret', of: saved })
    else setStep(saved.confirmed ? null : { action: 'confirm', of: saved })
    showDone(texts().saved(saved.recipient))
    void refetch()
  }
  const test = async ({ recipient }: Recipient) => {
    try {
      const { ok, code, said } = await client().test(recipient)
      if (ok) showDone(texts().tested(recipient))
      else
        showFailed(texts().testFailed(recipient), new Error(`${texts().results[code]} ${said ?? ''}`.trim()))
    } catch (error) {
      showFailed(page().errors.title, error)
    }
    await refetch()
  }
  return (
    <div class="page">
      <h1>{tenant() === null ? texts().providerTitle : texts().title}</h1>
      <Present value={alarms.latest}>
        {(all) => <CurrentAlarms client={client()} alarms={all()} onChanged={() => void lookAgain()} />}
      </Present>
      <section class="stack" aria-labelledby="recipients-title">
        <div class="title-line">
          <h2 id="recipients-title">{texts().recipients}</h2>
          <button type="button" class="button primary" onClick={() => setStep('add')}>
            <Plus size={16} aria-hidden="true" />
            {texts().add}
          </button>
        </div>
        <Present value={recipients.latest}>
          {(all) => (
            <Show when={all().length > 0} fallback={<p class="help">{texts().noRecipients}</p>}>
              <RecipientTable
                recipients={all()}
                onAction={(action, of) => setStep({ action, of })}
                onTest={(of) => void test(of)}
              />
            </Show>
          )}
        </Present>
      </section>
      <AlarmSettingsForm client={client()} />
      <Show when={step() === 'add'}>
        <RecipientDialog client={client()} held={null} onSaved={onSaved} onClose={close} />
      </Show>
      <Present value={stepOf('edit')}>
        {(of) => <RecipientDialog client={client()} held={of()} onSaved={onSaved} onClose={close} />}
      </Present>
      <Present value={stepOf('confirm')}>
        {(of) => (
          <ConfirmRecipientDialog
            client={client()}
            of={of()}
            onConfirmed={() => {
              close()
              showDone(texts().confirmed(of().recipient))
              void refetch()
            }}
            onClose={close}
          />
        )}
      </Present>
      <Present value={stepOf('secret')}>
        {(of) => (
          <ShownOnce
            title={of().recipient}
            notice={texts().secretOnce}
            label={texts().secret}
            text={of().secret ?? ''}
            help={texts().secretHow}
            onClose={() => setStep({ action: 'confirm', of: of() })}
          />
        )}
      </Present>
      <Present value={stepOf('remove')}>
        {(of) => (
          <ConfirmByName
            title={texts().removeNamed(of().recipient)}
            text={texts().removeText}
            name={of().recipient}
            action={texts().remove}
            onConfirm={async () => {
              await client().remove(of().recipient)
              close()
              showDone(texts().removed(of().recipient))
              await refetch()
            }}
            onClose={close}
          />
        )}
      </Present>
    </div>
  )
}
