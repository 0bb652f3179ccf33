/** What is not in order now: since when, for how many, what to do, and until when nobody is told of it. */
import { A } from '@solidjs/router'
import BellOff from 'lucide-solid/icons/bell-off'
import { For, Show } from 'solid-js'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { Alarm, AlarmsClient } from './alarms-client.ts'
import { alarmsTexts } from './texts.ts'

const HOUR_MS = 3_600_000
/** Hours for which a cause may be muted with one key. */
const MUTES = [8, 24, 168]

interface CurrentAlarmsProps {
  readonly client: AlarmsClient
  readonly alarms: readonly Alarm[]
  readonly onChanged: () => void
}

export function CurrentAlarms(props: CurrentAlarmsProps) {
  const texts = usePageTexts(alarmsTexts)
  return (
    <section class="stack" aria-labelledby="now-title">
      <h2 id="now-title">{texts().now}</h2>
      <Show when={props.alarms.length > 0} fallback={<Notice kind="open">{texts().allWell}</Notice>}>
        <For each={props.alarms}>
          {(alarm) => <AlarmCard client={props.client} of={alarm} onChanged={props.onChanged} />}
        </For>
      </Show>
    </section>
  )
}

function AlarmCard(props: { client: AlarmsClient; of: Alarm; onChanged: () => void }) {
  const page = useLanguage().texts
  const texts = usePageTexts(alarmsTexts)
  const { now, when } = useTimes()
  const mute = async (hours: number | null) => {
    const { cause } = props.of
    const until = hours === null ? null : new Date(now() + hours * HOUR_MS).toISOString().replace(/\.\d+/, '')
    try {
      await props.client.mute(cause, until)
      if (until === null) showDone(texts().unmuted)
      else showDone(texts().muted(when(until)), { label: page().now.undo, run: () => void mute(null) })
    } catch (error) {
      showFailed(page().errors.title, error)
    }
    props.onChanged()
  }
  return (
    <article class="card alarm">
      <div class="title-line">
        <h3>{texts().causes[props.of.cause]}</h3>
        <span class={`pill ${props.of.severity === 'critical' ? 'failed' : 'soon'}`}>
          {texts().severities[props.of.severity]}
        </span>
      </div>
      <p class="soft">
        {texts().since(when(props.of.since))}
        <Show when={props.of.users > 0}>{` · ${page().health.affected(props.of.users)}`}</Show>
        {` · ${texts().states[props.of.state]}`}
        <Present value={props.of.tenant}>
          {(tenant) => (
            <>
              {' · '}
              <A href={`/${encodeURIComponent(tenant())}/health`} class="name-link">
                {tenant()}
              </A>
            </>
          )}
        </Present>
      </p>
      <p dir="auto">{props.of.hint}</p>
      <Show
        when={props.of.mutedUntil}
        fallback={
          <div class="mute-line">
            <span class="soft">{texts().muteFor}</span>
            <For each={MUTES}>
              {(hours) => (
                <button
                  type="button"
                  class="button quiet"
                  aria-label={texts().muteNamed(texts().causes[props.of.cause], hours)}
                  onClick={() => void mute(hours)}
                >
                  {texts().hours(hours)}
                </button>
              )}
            </For>
          </div>
        }
      >
        <div class="mute-line">
          <span class="pill stale">
            <BellOff size={14} aria-hidden="true" />
            {texts().mutedUntil(when(props.of.mutedUntil ?? ''))}
          </span>
          <button type="button" class="button quiet" onClick={() => void mute(null)}>
            {texts().unmute}
          </button>
        </div>
      </Show>
    </article>
  )
}
