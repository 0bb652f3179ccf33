/** Whether the connection works, and how many days its credential is good. */

import { Show } from 'solid-js'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { ConnectionDraft } from './connection-draft.ts'
import { connectionTexts } from './texts.ts'

/** Days before the end of a credential from which it is shown as due. */
const DUE_DAYS = 30
const noticeKinds = { absent: 'soon', untried: 'soon', working: 'open', failing: 'failed' } as const

export function Health(props: { of: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  const { when } = useTimes()
  const credential = () => props.of.health?.credential ?? null
  const days = () => credential()?.daysLeft ?? null
  const credentialKind = () => {
    const left = days()
    if (left === null) return 'stale'
    if (left === 0) return 'failed'
    return left <= DUE_DAYS ? 'soon' : 'open'
  }
  return (
    <Present value={props.of.health}>
      {(health) => (
        <div class="columns health-line">
          <Notice kind={noticeKinds[health().state]}>
            <p>
              <strong>{texts().states[health().state]}</strong>
              {` · ${when(health().since)}`}
            </p>
            <Present value={health().hint}>{(hint) => <p dir="auto">{hint()}</p>}</Present>
          </Notice>
          <Show when={credential()}>
            <Notice kind={credentialKind()}>
              <p>{days() === null ? texts().credentialUnknown : texts().credentialEnds(days() ?? 0)}</p>
            </Notice>
          </Show>
        </div>
      )}
    </Present>
  )
}
