/** What surrounds every page of a customer: navigation, the connection's state, language and appearance. */
import { A, type RouteSectionProps } from '@solidjs/router'
import Activity from 'lucide-solid/icons/activity'
import Building from 'lucide-solid/icons/building'
import ListChecks from 'lucide-solid/icons/list-checks'
import PhoneCall from 'lucide-solid/icons/phone-call'
import Users from 'lucide-solid/icons/users'
import { ErrorBoundary, For, Show, Suspense } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { Notice } from '../components/notice.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { pagesOf, useSession } from '../session/session.tsx'
import { ConnectionState } from './connection-state.tsx'
import { Settings } from './settings.tsx'
import { TenantProvider, useTenant } from './tenant.tsx'

const icons = { now: PhoneCall, rules: ListChecks, users: Users, health: Activity }

export function TenantPage(props: RouteSectionProps) {
  return (
    <TenantProvider tenant={decodeURIComponent(props.params.tenant ?? '')}>
      <Shell>{props.children}</Shell>
    </TenantProvider>
  )
}

function Shell(props: { children?: RouteSectionProps['children'] }) {
  const { texts } = useLanguage()
  const { tenant, name } = useTenant()
  const principal = () => useSession().principal()!
  const isAlone = () => principal().role === 'softphone' && !principal().colleagues
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {texts().nav.skip}
      </a>
      <header class="bar">
        <span class="brand">
          <img src="/console/icon.svg" alt="Hanvisa" width="28" height="28" />
          <span class="tenant-name" dir="auto">
            {name()}
          </span>
        </span>
        <Show when={!isAlone()}>
          <nav aria-label={texts().nav.label}>
            <For each={pagesOf(principal())}>
              {(page) => (
                <A href={`/${encodeURIComponent(tenant())}/${page}`} class="tab" activeClass="current">
                  <Dynamic component={icons[page]} size={18} aria-hidden="true" />
                  <span>{texts().nav[page]}</span>
                </A>
              )}
            </For>
            <Show when={principal().tenant === null}>
              <A href="/" class="tab" end>
                <Building size={18} aria-hidden="true" />
                <span>{texts().nav.tenants}</span>
              </A>
            </Show>
          </nav>
        </Show>
        <div class="bar-end">
          <ConnectionState />
          <Settings />
        </div>
      </header>
      <main id="content" tabindex="-1">
        <ErrorBoundary
          fallback={(error: unknown, reset) => (
            <div class="page">
              <Notice kind="failed">
                <p>{error instanceof Error && error.message !== '' ? error.message : texts().errors.load}</p>
                <button type="button" class="button" onClick={reset}>
                  {texts().errors.retry}
                </button>
              </Notice>
            </div>
          )}
        >
          <Suspense>{props.children}</Suspense>
        </ErrorBoundary>
      </main>
    </div>
  )
}
