/** The way from page to page: a list beside the page, or a menu where there is no room for one. */
import { Menu } from '@ark-ui/solid/menu'
import { A, useNavigate } from '@solidjs/router'
import ArrowLeft from 'lucide-solid/icons/arrow-left'
import MenuIcon from 'lucide-solid/icons/menu'
import { For, Show } from 'solid-js'
import { Dynamic, Portal } from 'solid-js/web'
import { useLanguage } from '../i18n/language.tsx'
import type { PageEntry } from './pages.ts'

interface NavigationProps {
  readonly pages: readonly PageEntry[]
  readonly addressOf: (page: PageEntry) => string
  /** Whether it also leads back to the list of customers. */
  readonly hasTenants: boolean
}

export function Navigation(props: NavigationProps) {
  const { texts } = useLanguage()
  return (
    <nav class="rail" aria-label={texts().nav.label}>
      <Show when={props.hasTenants}>
        <A href="/" class="rail-link" activeClass="" end>
          <ArrowLeft size={18} aria-hidden="true" />
          {texts().nav.tenants}
        </A>
      </Show>
      <For each={groupsOf(props.pages)}>
        {({ group, pages }) => (
          <div class="rail-group">
            <Show when={group !== 'day'}>
              <span class="rail-title">{texts().nav.groups[group]}</span>
            </Show>
            <For each={pages}>
              {(entry) => (
                <A href={props.addressOf(entry)} class="rail-link" activeClass="current">
                  <Dynamic component={entry.icon} size={18} aria-hidden="true" />
                  {texts().nav[entry.page]}
                </A>
              )}
            </For>
          </div>
        )}
      </For>
    </nav>
  )
}

export function NavigationMenu(props: NavigationProps) {
  const { texts } = useLanguage()
  const navigate = useNavigate()
  return (
    <Menu.Root
      positioning={{ placement: 'bottom-start' }}
      onSelect={({ value }) => navigate(value)}
      lazyMount
      unmountOnExit
    >
      <Menu.Trigger class="button quiet icon-only rail-menu" aria-label={texts().nav.label}>
        <MenuIcon size={18} aria-hidden="true" />
      </Menu.Trigger>
      <Portal>
        <Menu.Positioner>
          <Menu.Content class="menu">
            <Show when={props.hasTenants}>
              <Menu.Item value="/" class="menu-item">
                <ArrowLeft size={18} aria-hidden="true" />
                {texts().nav.tenants}
              </Menu.Item>
              <Menu.Separator class="menu-separator" />
            </Show>
            <For each={props.pages}>
              {(entry) => (
                <Menu.Item value={props.addressOf(entry)} class="menu-item">
                  <Dynamic component={entry.icon} size={18} aria-hidden="true" />
                  {texts().nav[entry.page]}
                </Menu.Item>
              )}
            </For>
          </Menu.Content>
        </Menu.Positioner>
      </Portal>
    </Menu.Root>
  )
}

function groupsOf(pages: readonly PageEntry[]) {
  const names = [...new Set(pages.map(({ group }) => group))]
  return names.map((group) => ({ group, pages: pages.filter((page) => page.group === group) }))
}
