/** Test connection: each step of a read, and what to do about the one that fails. */

import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleX from 'lucide-solid/icons/circle-x'
import { createEffect, createSignal, For, on, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { messageOf } from '../components/form-end.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { TextField } from '../components/text-field.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import type { ConnectionDraft } from './connection-draft.ts'
import { connectionTexts } from './texts.ts'

type TestResult = Schemas['TestResult']

/** `saves`: counts what was saved; each is tested. */
export function TestPanel(props: { draft: ConnectionDraft; saves: number }) {
  const page = useLanguage().texts
  const texts = usePageTexts(connectionTexts)
  const [user, setUser] = createSignal('')
  const [probe, setProbe] = createSignal('')
  const [result, setResult] = createSignal<TestResult | null>(null)
  const [fault, setFault] = createSignal<string | null>(null)
  const [isRunning, setIsRunning] = createSignal(false)
  const mayProbe = () => {
    const { kind, values } = props.draft
    return kind === 'graph' || kind === 'consent' || (kind === 'ews' && values.access === 'impersonation')
  }
  const run = async () => {
    setIsRunning(true)
    setResult(null)
    setFault(null)
    try {
      const query = {
        ...(user().trim() !== '' && { user: user().trim() }),
        ...(mayProbe() && probe().trim() !== '' && { probe: probe().trim() })
      }
      const params = { path: { tenant: props.draft.tenant }, query }
      setResult(await dataOf(api.POST('/v1/tenants/{tenant}/connection/test', { params })))
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
          <p class="pill">
            <span class="beat" aria-hidden="true" />
            {texts().test.running}
          </p>
        </Show>
        <Present value={fault()}>
          {(message) => (
            <Notice kind="failed">
              <span dir="auto">{message()}</span>
            </Notice>
          )}
        </Present>
        <Present value={result()}>{(result) => <Steps of={result()} />}</Present>
      </div>
    </section>
  )
}

function Steps(props: { of: TestResult }) {
  const texts = usePageTexts(connectionTexts)
  const label = (name: string) => (texts().steps as Readonly<Record<string, string>>)[name] ?? name
  return (
    <>
      <ol class="plain test-steps">
        <For each={props.of.checks}>
          {({ name, ok, code, hint }) => (
            <li class={`test-step ${ok ? 'open' : 'failed'}`}>
              <Show when={ok} fallback={<CircleX size={18} aria-hidden="true" />}>
                <CircleCheck size={18} aria-hidden="true" />
              </Show>
              <div>
                <span>{ok ? label(name) : texts().test.failed(label(name))}</span>
                <Present value={code}>{(code) => <code class="soft">{` ${code()}`}</code>}</Present>
                <Present value={hint}>
                  {(hint) => (
                    <p class="remedy" dir="auto">
                      {hint()}
                    </p>
                  )}
                </Present>
              </div>
            </li>
          )}
        </For>
      </ol>
      <Show when={props.of.ok}>
        <Notice kind="open">{texts().test.ok}</Notice>
      </Show>
    </>
  )
}
