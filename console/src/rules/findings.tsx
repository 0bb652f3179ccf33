/** What the service finds noteworthy in the rules: shadowed triggers, everyday words, near misses, missing labels. */
import { For, Show } from 'solid-js'
import type { Schemas } from '../api/client.ts'
import { Notice } from '../components/notice.tsx'
import { useLanguage } from '../i18n/language.tsx'

export type Finding = Schemas['LintResult']['findings'][number]

export function Findings(props: { findings: readonly Finding[] }) {
  const { texts } = useLanguage()
  return (
    <section class="card" aria-labelledby="findings-title">
      <h2 id="findings-title">{texts().rules.findings}</h2>
      <Show
        when={props.findings.length > 0}
        fallback={<Notice kind="open">{texts().rules.noFindings}</Notice>}
      >
        <ul class="plain stack scroll">
          <For each={props.findings}>
            {({ message }) => (
              <li>
                <Notice kind="soon">
                  <span dir="auto">{message}</span>
                </Notice>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </section>
  )
}
