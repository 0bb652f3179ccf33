/** The office hours of one user: the customer's, or their own. */
import { createResource, createSignal, For, Show } from 'solid-js'
import { api, dataOf } from '../api/client.ts'
import { Dialog } from '../components/dialog.tsx'
import { Present } from '../components/present.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { HoursForm } from './hours-form.tsx'
import { hoursValuesOf, type OfficeHours, weekDays } from './hours-values.ts'
import { hoursTexts } from './texts.ts'

export function OwnHours(props: { user: string }) {
  const page = useLanguage().texts
  const texts = usePageTexts(hoursTexts)
  const { tenant } = useTenant()
  const path = () => ({ tenant: tenant(), user: props.user })
  const [held, { mutate }] = createResource(path, (path) =>
    dataOf(api.GET('/v1/tenants/{tenant}/users/{user}', { params: { path } }))
  )
  const [isOpen, setIsOpen] = createSignal(false)
  const save = async (officeHours: OfficeHours | null) => {
    const params = { path: path() }
    mutate(await dataOf(api.PATCH('/v1/tenants/{tenant}/users/{user}', { params, body: { officeHours } })))
  }
  const follow = async (former: OfficeHours) => {
    try {
      await save(null)
      showDone(texts().followed, { label: page().now.undo, run: () => void restore(former) })
    } catch (error) {
      showFailed(page().errors.title, error)
    }
  }
  const restore = (former: OfficeHours) =>
    save(former).catch((error: unknown) => showFailed(page().errors.title, error))
  return (
    <section class="card" aria-labelledby="hours-title">
      <h2 id="hours-title">{texts().title}</h2>
      <Present value={held.latest}>
        {(held) => (
          <>
            <Present value={held().officeHours} fallback={<p class="help">{texts().asCustomer}</p>}>
              {(hours) => <Week of={hours()} />}
            </Present>
            <div class="dialog-actions">
              <Present value={held().officeHours}>
                {(hours) => (
                  <button type="button" class="button quiet" onClick={() => void follow(hours())}>
                    {texts().follow}
                  </button>
                )}
              </Present>
              <button type="button" class="button" onClick={() => setIsOpen(true)}>
                {texts().own}
              </button>
            </div>
            <Show when={isOpen()}>
              <Dialog title={texts().own} onClose={() => setIsOpen(false)}>
                <HoursForm
                  held={held().officeHours ?? null}
                  onSave={async (hours) => {
                    await save(hours)
                    setIsOpen(false)
                    showDone(texts().saved)
                  }}
                />
              </Dialog>
            </Show>
          </>
        )}
      </Present>
    </section>
  )
}

/** The days that have times. */
function Week(props: { of: OfficeHours }) {
  const { language } = useLanguage()
  const days = () => {
    const { week } = hoursValuesOf(props.of)
    return weekDays.flatMap((day, at) => (week[day] === '' ? [] : [{ at, times: week[day] }]))
  }
  const nameOf = (at: number) =>
    // 2024-01-01 was a Monday.
    new Intl.DateTimeFormat(language(), { weekday: 'short', timeZone: 'UTC' }).format(
      Date.UTC(2024, 0, at + 1)
    )
  return (
    <p class="names">
      <For each={days()}>{({ at, times }) => <span class="nowrap">{`${nameOf(at)} ${times}`}</span>}</For>
    </p>
  )
}
