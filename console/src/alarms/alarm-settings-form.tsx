/** When stale calendars raise an alarm, how often one is told again, and a pause of all messages. */
import { createResource, createSignal, Show } from 'solid-js'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { TextField } from '../components/text-field.tsx'
import { showDone } from '../components/toasts.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { AlarmSettings, AlarmsClient } from './alarms-client.ts'
import { alarmsTexts } from './texts.ts'

const DAY_MS = 86_400_000

export function AlarmSettingsForm(props: { client: AlarmsClient }) {
  const texts = usePageTexts(alarmsTexts)
  const [held, { mutate }] = createResource(
    () => props.client,
    (client) => client.settings()
  )
  return (
    <section class="card" aria-labelledby="settings-title">
      <h2 id="settings-title">{texts().settings.title}</h2>
      <Present value={held.latest}>
        {(settings) => (
          <SettingsFields client={props.client} held={settings()} onSaved={(saved) => mutate(saved)} />
        )}
      </Present>
    </section>
  )
}

function SettingsFields(props: {
  client: AlarmsClient
  held: AlarmSettings
  onSaved: (saved: AlarmSettings) => void
}) {
  const texts = usePageTexts(alarmsTexts)
  const { now, when } = useTimes()
  const [percent, setPercent] = createSignal(String(Math.round(props.held.share * 100)))
  const [minutes, setMinutes] = createSignal(String(props.held.minutes))
  const [reminder, setReminder] = createSignal(String(props.held.reminderHours))
  const save = async (muteUntil: string | null) => {
    const body = {
      share: Number(percent()) / 100,
      minutes: Number(minutes()),
      reminderHours: Number(reminder()),
      muteUntil
    }
    props.onSaved(await props.client.saveSettings(body))
    showDone(texts().settings.saved)
  }
  const mutedUntil = () => {
    const { muteUntil } = props.held
    return muteUntil !== null && Date.parse(muteUntil) > now() ? muteUntil : null
  }
  const form = useSubmit(() => save(mutedUntil()))
  const pause = useSubmit(() =>
    save(mutedUntil() === null ? new Date(now() + DAY_MS).toISOString().replace(/\.\d+/, '') : null)
  )
  return (
    <>
      <form class="form" onSubmit={form.submit}>
        <div class="side-by-side three">
          <TextField
            label={texts().settings.share}
            type="number"
            value={percent()}
            onInput={setPercent}
            error={form.errorOf('share')}
            required
          />
          <TextField
            label={texts().settings.minutes}
            type="number"
            value={minutes()}
            onInput={setMinutes}
            error={form.errorOf('minutes')}
            required
          />
          <TextField
            label={texts().settings.reminder}
            type="number"
            value={reminder()}
            onInput={setReminder}
            error={form.errorOf('reminderHours')}
            required
          />
        </div>
        <FormEnd form={form} action={texts().settings.save} />
      </form>
      <form class="alarm-pause" onSubmit={pause.submit}>
        <Show when={mutedUntil()} fallback={<p class="help">{texts().settings.pauseHelp}</p>}>
          <Notice kind="stale">{texts().settings.pausedUntil(when(mutedUntil() ?? ''))}</Notice>
        </Show>
        <button type="submit" class="button" disabled={pause.isBusy()}>
          {mutedUntil() === null ? texts().settings.pause : texts().settings.unpause}
        </button>
      </form>
    </>
  )
}
