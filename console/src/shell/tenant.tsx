/** The customer that the pages show: its catalogue, time zone and live statuses, kept while one goes from page to page. */
import {
  createContext,
  createEffect,
  createMemo,
  createResource,
  on,
  onCleanup,
  type ParentProps,
  useContext
} from 'solid-js'
import { api, type Diversion, dataOf, serviceNow } from '../api/client.ts'
import { LiveStatuses } from '../api/live-statuses.ts'
import { formatWhen, type TimeFormatOptions } from '../i18n/format-time.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useSession } from '../session/session.tsx'
import { createClock } from './clock.ts'

interface TenantContext {
  readonly tenant: () => string
  readonly name: () => string
  readonly diversions: () => readonly Diversion[]
  /** In the language of the console; a code where the catalogue has no label. */
  readonly labelOf: (code: string) => string
  readonly live: () => LiveStatuses | null
  readonly timeFormat: () => TimeFormatOptions
  /** The service's clock, by the second. */
  readonly now: () => number
  readonly when: (instant: string | number) => string
}

const Context = createContext<TenantContext>()

export function TenantProvider(props: ParentProps<{ tenant: string }>) {
  const { language } = useLanguage()
  const session = useSession()
  const maySeeAll = () => {
    const principal = session.principal()
    return principal != null && (principal.role !== 'softphone' || principal.colleagues)
  }
  const path = () => ({ tenant: props.tenant })
  const mayReadTenant = () => ['provider', 'operator'].includes(session.principal()?.role ?? '')
  const [details] = createResource(
    () => (mayReadTenant() ? path() : null),
    (path) => dataOf(api.GET('/v1/tenants/{tenant}', { params: { path } })).catch(() => null)
  )
  const [catalogue] = createResource(path, (path) =>
    dataOf(api.GET('/v1/tenants/{tenant}/diversions', { params: { path } })).catch(() => ({ diversions: [] }))
  )
  const live = createMemo(
    on([() => props.tenant, language, maySeeAll], ([tenant, language, maySee]) => {
      if (!maySee) return null
      const statuses = new LiveStatuses({ tenant, language })
      onCleanup(() => statuses.close())
      return statuses
    })
  )
  const now = createClock(serviceNow)
  const diversions = () => catalogue.latest?.diversions ?? []
  const labels = createMemo(
    () =>
      new Map(
        diversions().map(({ code, labels }) => [
          code,
          labels[language()] ?? labels.en ?? Object.values(labels)[0] ?? code
        ])
      )
  )
  const timeZone = createMemo(() => {
    const own = details.latest?.timeZone
    const first = live()?.all().values().next().value
    return own ?? first?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  })
  const timeFormat = createMemo(() => ({ language: language(), timeZone: timeZone() }))
  createEffect(() => {
    document.title = `${details.latest?.name ?? props.tenant} · Hanvisa`
  })
  return (
    <Context.Provider
      value={{
        tenant: () => props.tenant,
        name: () => details.latest?.name ?? props.tenant,
        diversions,
        labelOf: (code) => labels().get(code) ?? code,
        live,
        timeFormat,
        now,
        when: (instant) =>
          formatWhen(typeof instant === 'string' ? Date.parse(instant) : instant, now(), timeFormat())
      }}
    >
      {props.children}
    </Context.Provider>
  )
}

export interface Times {
  readonly timeFormat: () => TimeFormatOptions
  readonly now: () => number
  readonly when: (instant: string | number) => string
}

/** Times in the customer's zone; on the provider's pages in the browser's. */
export function useTimes(): Times {
  const { language } = useLanguage()
  const context = useContext(Context)
  if (context !== undefined) return context
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const now = createClock(serviceNow)
  const timeFormat = () => ({ language: language(), timeZone })
  return {
    now,
    timeFormat,
    when: (instant) =>
      formatWhen(typeof instant === 'string' ? Date.parse(instant) : instant, now(), timeFormat())
  }
}

export function useTenant(): TenantContext {
  return useContext(Context)!
}
