/** Which rule gave the chosen interval, and which others matched and gave way. */

import { For, Show } from 'solid-js'
import type { Schemas } from '../api/client.ts'
import { DiversionMark } from '../components/diversion-mark.tsx'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import type { Interval } from './day-bars.ts'

export function IntervalDetails(props: { interval: Interval | null }) {
  const { texts } = useLanguage()
  const { labelOf, when } = useTenant()
  const others = (interval: Interval) =>
    (interval.rules ?? [])
      .slice(1)
      .map(textOf)
      .filter((text) => text !== '')
  const span = ({ start, end }: Interval) =>
    end === null ? `${when(start)} – ${texts().now.indefinite}` : `${when(start)} – ${when(end)}`
  return (
    <div class="details" aria-live="polite">
      <Present value={props.interval}>
        {(interval) => (
          <>
            <DiversionMark meaning={interval().phone} label={labelOf(interval().diversion)} />
            <span>{span(interval())}</span>
            <Present value={interval().because} fallback={<span class="help">{texts().now.byHand}</span>}>
              {(because) => (
                <span class="help" dir="auto">
                  {because()}
                </span>
              )}
            </Present>
            <Show when={others(interval()).length > 0}>
              <span class="help">
                {`${texts().person.alsoMatched}: `}
                <For each={others(interval())}>{(text) => <kbd>{text}</kbd>}</For>
              </span>
            </Show>
          </>
        )}
      </Present>
    </div>
  )
}

/** What a rule's trigger says; nothing of a rule by availability or of a private event. */
function textOf(rule: Schemas['RuleOrigin']): string {
  return 'text' in rule && typeof rule.text === 'string' ? rule.text : ''
}
