/** Test connection: each step of a read, and what to do about the one that fails. */
import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { createEffect, createSignal, For, on, Show } from 'solid-js'
import { CheckStep, CheckSteps } from '../components/check-steps.tsx'
import { messageOf } from '../components/form-end.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { TextField } from '../components/text-field.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import type { ConnectionDraft } from './connection-draft.ts'
import { type TestResult, testConnection } from './test-connection.ts'
import { connectionTexts } from './texts.ts'

/** `saves`: counts what was saved; each is tested. */
export function TestPanel(props: { draft: ConnectionDraft; saves: number }) {
  const page = useLanguage().texts
  const texts = usePageTexts(connectionTexts)
  const [user, setUser] = createSignal('')
  const [probe, setProbe] = createSignal('')
  const [result, setResult] = createSignal<TestResult | null>(null)
  const [passed, setPassed] = createSignal<readonly string[]>([])
  const [fault, setFault] = createSignal<string | null>(null)
  const [isRunning, setIsRunning] = createSignal(false)
  const mayProbe = () => {
    const { kind, values } = props.draft
    return kind === 'graph' || kind === 'consent' || (kind === 'ews' && values.access === 'impersonation')
  }
  const run = async () => {
    setIsRunning(true)
    setResult(null)
    setPassed([])
    setFault(null)
    try {
      const query = {
        ...(user().trim() !== '' && { user: user().trim() }),
        ...(mayProbe() && probe().trim() !== '' && { probe: probe().trim() })
      }
      setResult(await testConnection(props.draft.tenant, query, (step) => setPassed([...passed(), step])))
      await props.draft.loadHealth()
    } catch (error) {
      setFault(messageOf(error, page().errors.unreachable))
    } finally {
      setIsRunning(false)
    }
  }
  createEffect(
    on(
      () => props.saves,
      () => void run(),
      { defer: true }
    )
  )

  return (
    <section class="card" aria-labelledby="test-title">
      <div class="title-line">
        <h2 id="test-title">{texts().test.title}</h2>
        <button
          type="button"
          class="button"
          disabled={isRunning() || props.draft.isChanged}
          onClick={() => void run()}
        >
          {texts().test.run}
        </button>
      </div>
      <p class="help">{props.draft.isChanged ? texts().test.saveFirst : texts().test.help}</p>
      <div class="side-by-side">
        <TextField label={texts().test.user} value={user()} onInput={setUser} />
        <Show when={mayProbe()}>
          <TextField
            label={texts().test.probe}
            help={texts().test.probeHelp}
            value={probe()}
            onInput={setProbe}
          />
        </Show>
      </div>
      <div role="status" class="stack">
        <Show when={isRunning()}>
          <ol class="plain test-steps">
            <For each={passed()}>
              {(name) => <CheckStep of={{ name, ok: true }} labels={texts().steps} />}
            </For>
            <li class="test-step">
              <LoaderCircle size={18} class="turning" aria-hidden="true" />
              {texts().test.running}
            </li>
          </ol>
        </Show>
        <Present value={fault()}>
          {(message) => (
            <Notice kind="failed">
              <span dir="auto">{message()}</span>
            </Notice>
          )}
        </Present>
        <Present value={result()}>{(result) => <CheckSteps of={result()} labels={texts().steps} />}</Present>
      </div>
    </section>
  )
}
