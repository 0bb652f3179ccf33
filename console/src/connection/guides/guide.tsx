/** The customer's guide beside the form: what to do where, in order, with the values that the form holds. */
import { For, Show } from 'solid-js'
import { usePageTexts } from '../../i18n/page-texts.ts'
import type { ConnectionDraft } from '../connection-draft.ts'
import { connectionTexts } from '../texts.ts'
import { EwsGuide } from './ews-guide.tsx'
import { GraphGuide } from './graph-guide.tsx'
import { GuideStep } from './guide-step.tsx'

export function Guide(props: { draft: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  return (
    <section class="card guide" aria-labelledby="guide-title">
      <h2 id="guide-title">{texts().guide.title}</h2>
      <ol class="guide-steps">
        <Show when={props.draft.kind === 'graph'}>
          <GraphGuide draft={props.draft} />
        </Show>
        <Show when={props.draft.kind === 'ews'}>
          <EwsGuide draft={props.draft} />
        </Show>
        <For each={writtenSteps(props.draft, texts().guide)}>
          {({ title, text }) => <GuideStep title={title} text={text} />}
        </For>
      </ol>
    </section>
  )
}

type GuideTexts = (typeof connectionTexts)['en']['guide']

function writtenSteps({ kind }: ConnectionDraft, guide: GuideTexts) {
  return kind === 'consent' || kind === 'caldav' || kind === 'ics' ? guide[kind] : []
}
