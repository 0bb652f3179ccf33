/** How far an import is, and what came of it. */

import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { Notice } from '../../components/notice.tsx'
import { Present } from '../../components/present.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { useTenant } from '../../shell/tenant.tsx'
import type { ImportDraft } from './import-draft.ts'
import { importTexts } from './texts.ts'

export function Progress(props: { draft: ImportDraft }) {
  const texts = usePageTexts(importTexts)
  const { tenant } = useTenant()
  const progress = () => props.draft.progress
  return (
    <section class="card" aria-label={texts().progress}>
      <div role="status" class="stack">
        <Show when={props.draft.state === 'running'}>
          <strong>{texts().running(progress()?.saved ?? 0, progress()?.total ?? null)}</strong>
          <progress
            class="progress"
            aria-label={texts().progress}
            max={progress()?.total ?? 1}
            value={progress()?.saved ?? 0}
          />
          <p class="help">{texts().mayLeave}</p>
        </Show>
        <Present value={props.draft.state === 'done' && progress()}>
          {(progress) => <Notice kind="open">{texts().done(progress())}</Notice>}
        </Present>
        <Show when={props.draft.state === 'interrupted'}>
          <Notice kind="failed">
            <p dir="auto">{progress()?.hint ?? texts().sendAgain}</p>
          </Notice>
        </Show>
      </div>
      <Show when={props.draft.state !== 'running'}>
        <div class="inline">
          <A class="button primary" href={`/${encodeURIComponent(tenant())}/users`}>
            {texts().toUsers}
          </A>
          <button type="button" class="button" onClick={() => props.draft.reset()}>
            {texts().otherFile}
          </button>
        </div>
      </Show>
    </section>
  )
}
