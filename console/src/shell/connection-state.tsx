/** Whether what one sees is current: live, connecting, or since when it is not; and a computer whose clock is wrong. */

import CloudOff from 'lucide-solid/icons/cloud-off'
import { Match, Show, Switch } from 'solid-js'
import { getClockAheadMs } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { formatTime } from '../i18n/format-time.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from './tenant.tsx'

/** Minutes of difference from which it is worth a word. */
const CLOCK_WORTH_A_WORD = 2

export function ConnectionState() {
  const { texts } = useLanguage()
  const { live, now, timeFormat } = useTenant()
  const clockMinutes = () => {
    now()
    return Math.round(getClockAheadMs() / 60_000)
  }
  return (
    <div class="connection" role="status">
      <Present value={live()}>
        {(live) => (
          <Switch>
            <Match when={live().isDegraded}>
              <span class="pill soon">{texts().live.degraded}</span>
            </Match>
            <Match when={live().state === 'live'}>
              <span class="pill open">
                <span class="beat" aria-hidden="true" />
                {texts().live.live}
              </span>
            </Match>
            <Match when={live().state === 'connecting'}>
              <span class="pill">{texts().live.connecting}</span>
            </Match>
            <Match when={live().state === 'offline'}>
              <span
                class="pill stale"
                title={texts().live.offline(formatTime(live().offlineSince ?? 0, timeFormat()))}
              >
                <CloudOff size={14} aria-hidden="true" />
                {texts().live.offlineShort}
              </span>
            </Match>
          </Switch>
        )}
      </Present>
      <Show when={Math.abs(clockMinutes()) >= CLOCK_WORTH_A_WORD}>
        <span class="pill soon">{texts().live.clock(clockMinutes())}</span>
      </Show>
    </div>
  )
}
