/** The steps of a test, and what to do about the one that failed. */
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleX from 'lucide-solid/icons/circle-x'
import { For, Show } from 'solid-js'
import { type PageTexts, usePageTexts } from '../i18n/page-texts.ts'
import { Notice } from './notice.tsx'
import { Present } from './present.tsx'

const en = {
  ok: 'Everything works.',
  failed: (step: string) => `Failed at: ${step}`
}

const stepTexts: PageTexts<typeof en> = {
  en,
  sv: {
    ok: 'Allt fungerar.',
    failed: (step) => `Misslyckades vid: ${step}`
  },
  da: {
    ok: 'Alt virker.',
    failed: (step) => `Mislykkedes ved: ${step}`
  },
  nb: {
    ok: 'Alt virker.',
    failed: (step) => `Mislyktes ved: ${step}`
  },
  fi: {
    ok: 'Kaikki toimii.',
    failed: (step) => `Epäonnistui: ${step}`
  }
}

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly code?: string
  readonly hint?: string
}

/** What a step is called, by the API's name of it. */
type Labels = Readonly<Record<string, string>>

export function CheckSteps(props: {
  readonly of: { readonly ok: boolean; readonly checks: readonly Check[] }
  readonly labels: Labels
}) {
  const texts = usePageTexts(stepTexts)
  return (
    <>
      <ol class="plain test-steps">
        <For each={props.of.checks}>{(check) => <CheckStep of={check} labels={props.labels} />}</For>
      </ol>
      <Show when={props.of.ok}>
        <Notice kind="open">{texts().ok}</Notice>
      </Show>
    </>
  )
}

export function CheckStep(props: { readonly of: Check; readonly labels: Labels }) {
  const texts = usePageTexts(stepTexts)
  const label = () => props.labels[props.of.name] ?? props.of.name
  return (
    <li class={`test-step ${props.of.ok ? 'open' : 'failed'}`}>
      <Show when={props.of.ok} fallback={<CircleX size={18} aria-hidden="true" />}>
        <CircleCheck size={18} aria-hidden="true" />
      </Show>
      <div>
        <span>{props.of.ok ? label() : texts().failed(label())}</span>
        <Present value={props.of.code}>{(code) => <code class="soft">{` ${code()}`}</code>}</Present>
        <Present value={props.of.hint}>
          {(hint) => (
            <p class="remedy" dir="auto">
              {hint()}
            </p>
          )}
        </Present>
      </div>
    </li>
  )
}
