/** What statuses are pushed to: whether each takes them, how far behind it is, and what to do about it. */
import Plus from 'lucide-solid/icons/plus'
import { createEffect, createMemo, createSignal, on, onCleanup, Show } from 'solid-js'
import { createStore, reconcile } from 'solid-js/store'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { ShownOnce } from '../components/shown-once.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { ConsumerDialog } from './consumer-dialog.tsx'
import { ConsumerTable } from './consumer-table.tsx'
import { ConsumerTestDialog } from './consumer-test.tsx'
import { ConsumerUsersDialog } from './consumer-users.tsx'
import { isEditable } from './consumer-values.ts'
import { type Consumer, ConsumersClient } from './consumers-client.ts'
import { consumersTexts } from './texts.ts'
import './consumers.css'

/** Milliseconds between looks at how far they are. */
const LOOK_MS = 2000

type Step = 'add' | { readonly secret: string; readonly of: string } | OfConsumer
interface OfConsumer {
  readonly action: 'edit' | 'test' | 'users' | 'remove'
  readonly of: Consumer
}

export default function Consumers() {
  const page = useLanguage().texts
  const texts = usePageTexts(consumersTexts)
  const { tenant } = useTenant()
  const client = createMemo(() => new ConsumersClient(tenant()))
  const [list, setList] = createStore<{ all: Consumer[] | null }>({ all: null })
  const [hasFailed, setHasFailed] = createSignal(false)
  const [step, setStep] = createSignal<Step | null>(null)
  const load = async () => {
    const asked = client()
    try {
      const all = await asked.list()
      // Rows stay the same elements, so that who has the focus keeps it.
      if (asked === client()) setList('all', reconcile([...all], { key: 'consumer' }))
      setHasFailed(false)
    } catch {
      setHasFailed(true)
    }
  }
  createEffect(on(client, () => void load()))
  const timer = setInterval(() => {
    if (!document.hidden) void load()
  }, LOOK_MS)
  onCleanup(() => clearInterval(timer))
  const close = () => setStep(null)
  const act = async (call: () => Promise<void>, done: () => void) => {
    try {
      await call()
      done()
    } catch (error) {
      showFailed(page().errors.title, error)
    }
    await load()
  }
  const pause = ({ consumer }: Consumer) =>
    act(
      () => client().pause(consumer),
      () => showDone(texts().paused(consumer), { label: page().now.undo, run: () => void resume(consumer) })
    )
  const resume = (consumer: string) =>
    act(
      () => client().resume(consumer),
      () => showDone(texts().resumed(consumer))
    )
  const sendAgain = ({ consumer }: Consumer) =>
    act(
      () => client().sendAgain(consumer),
      () => showDone(texts().sentAgain(consumer))
    )
  const onSaved = (saved: Consumer) => {
    const secret = saved.kind === 'webhook' ? saved.secret : undefined
    setStep(secret === undefined ? null : { secret, of: saved.consumer })
    showDone(texts().saved(saved.consumer))
    void load()
  }
  const stepOf = (action: OfConsumer['action']) => {
    const now = step()
    return now !== null && typeof now === 'object' && 'action' in now && now.action === action ? now.of : null
  }
  const editable = () => {
    const of = stepOf('edit')
    return of !== null && isEditable(of) ? of : null
  }
  const shown = () => {
    const now = step()
    return now !== null && typeof now === 'object' && 'secret' in now ? now : null
  }
  return (
    <div class="page">
      <div class="title-line">
        <h1>{texts().title}</h1>
        <button type="button" class="button primary" onClick={() => setStep('add')}>
          <Plus size={16} aria-hidden="true" />
          {texts().add}
        </button>
      </div>
      <p class="help">{texts().lead}</p>
      <Show when={hasFailed()}>
        <Notice kind="stale">{page().errors.unreachable}</Notice>
      </Show>
      <Present value={list.all}>
        {(all) => (
          <Show when={all().length > 0} fallback={<p class="empty">{texts().none}</p>}>
            <ConsumerTable
              consumers={all()}
              onAction={(action, of) => setStep({ action, of })}
              onPause={(of) => void pause(of)}
              onResume={(of) => void resume(of.consumer)}
              onSendAgain={(of) => void sendAgain(of)}
            />
          </Show>
        )}
      </Present>
      <Show when={step() === 'add'}>
        <ConsumerDialog client={client()} held={null} onSaved={onSaved} onClose={close} />
      </Show>
      <Present value={editable()}>
        {(of) => <ConsumerDialog client={client()} held={of()} onSaved={onSaved} onClose={close} />}
      </Present>
      <Present value={stepOf('test')}>
        {(of) => <ConsumerTestDialog client={client()} of={of()} onClose={close} />}
      </Present>
      <Present value={stepOf('users')}>
        {(of) => <ConsumerUsersDialog client={client()} of={of()} onClose={close} />}
      </Present>
      <Present value={stepOf('remove')}>
        {(of) => (
          <ConfirmByName
            title={texts().removeNamed(of().consumer)}
            text={texts().removeText}
            name={of().consumer}
            action={texts().remove}
            onConfirm={async () => {
              await client().remove(of().consumer)
              close()
              showDone(texts().removed(of().consumer))
              await load()
            }}
            onClose={close}
          />
        )}
      </Present>
      <Present value={shown()}>
        {(made) => (
          <ShownOnce
            title={made().of}
            notice={texts().secretOnce}
            label={texts().fields.secret}
            text={made().secret}
            help={texts().secretHow}
            onClose={close}
          />
        )}
      </Present>
    </div>
  )
}
