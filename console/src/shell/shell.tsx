/** What surrounds every page: the bar above, the navigation beside it, and what is shown where a page fails. */
import { ErrorBoundary, type JSX, type ParentProps, Show } from 'solid-js'
import { Notice } from '../components/notice.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { Navigation, NavigationMenu } from './navigation.tsx'
import type { PageEntry } from './pages.ts'
import { Settings } from './settings.tsx'

interface ShellProps {
  readonly title: string
  readonly pages: readonly PageEntry[]
  readonly addressOf: (page: PageEntry) => string
  readonly hasTenants: boolean
  /** What stands beside the settings. */
  readonly state?: JSX.Element
}

export function Shell(props: ParentProps<ShellProps>) {
  const { texts } = useLanguage()
  const hasNavigation = () => props.pages.length > 1 || props.hasTenants
  return (
    <div class="shell" classList={{ navigable: hasNavigation() }}>
      <a class="skip" href="#content">
        {texts().nav.skip}
      </a>
      <header class="bar">
        <Show when={hasNavigation()}>
          <NavigationMenu pages={props.pages} addressOf={props.addressOf} hasTenants={props.hasTenants} />
        </Show>
        <span class="brand">
          <img src="/console/icon.svg" alt="Hanvisa" width="28" height="28" />
          <span class="tenant-name" dir="auto">
            {props.title}
          </span>
        </span>
        <div class="bar-end">
          {props.state}
          <Settings />
        </div>
      </header>
      <Show when={hasNavigation()}>
        <Navigation pages={props.pages} addressOf={props.addressOf} hasTenants={props.hasTenants} />
      </Show>
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
          {props.children}
        </ErrorBoundary>
      </main>
    </div>
  )
}
