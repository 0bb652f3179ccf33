/** How the reading of one person's calendar goes, and what to do where it does not. */

import { createEffect, createResource, on } from 'solid-js'
import { api, dataOf } from '../api/client.ts'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'

const kinds = { fresh: 'open', stale: 'stale', failed: 'failed', never: 'soon', off: 'soon' } as const

export function CalendarState(props: { user: string }) {
  const { texts } = useLanguage()
  const { tenant, live, when } = useTenant()
  const [sync, { refetch }] = createResource(
    () => ({ tenant: tenant(), user: props.user }),
    async ({ tenant, user }) => {
      const params = { path: { tenant }, query: { user } }
      const { users } = await dataOf(api.GET('/v1/tenants/{tenant}/sync', { params }))
      return users[0] ?? null
    }
  )
  createEffect(
    on(
      () => live()?.all().get(props.user)?.sync.state,
      () => void refetch(),
      { defer: true }
    )
  )
  return (
    <section class="card" aria-labelledby="calendar-title">
      <h2 id="calendar-title">{texts().person.calendar}</h2>
      <Present value={sync.latest} fallback={<p class="help">{texts().sync.off}</p>}>
        {(sync) => {
          const text = () => {
            const { state, since } = sync()
            return state === 'stale' ? texts().sync.stale(when(since)) : texts().sync[state]
          }
          return (
            <>
              <Notice kind={kinds[sync().state]}>
                <p>{text()}</p>
                <Present value={sync().code}>{(code) => <code>{code()}</code>}</Present>
              </Notice>
              <Present value={sync().hint}>
                {(hint) => (
                  <div class="stack">
                    <strong>{texts().person.remedy}</strong>
                    <p dir="auto">{hint()}</p>
                  </div>
                )}
              </Present>
              <Present value={sync().lastSuccess}>
                {(at) => <p class="help">{texts().health.read(when(at()))}</p>}
              </Present>
            </>
          )
        }}
      </Present>
    </section>
  )
}
