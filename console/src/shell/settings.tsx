/** Language, appearance and sign-out, in one menu. */
import { Menu } from '@ark-ui/solid/menu'
import Check from 'lucide-solid/icons/check'
import LogOut from 'lucide-solid/icons/log-out'
import SlidersHorizontal from 'lucide-solid/icons/sliders-horizontal'
import { createSignal, For, Show } from 'solid-js'
import { Portal } from 'solid-js/web'
import { applyTheme, chooseTheme, chosenTheme, themes } from '../components/theme.ts'
import { type Language, languages, useLanguage } from '../i18n/language.tsx'
import { useSession } from '../session/session.tsx'

export function Settings() {
  const { texts, language, choose } = useLanguage()
  const session = useSession()
  const [theme, setTheme] = createSignal(chosenTheme())
  return (
    <Menu.Root
      positioning={{ placement: 'bottom-end' }}
      onSelect={({ value }) => {
        if (value === 'sign-out') void session.signOut()
      }}
    >
      <Menu.Trigger class="button quiet icon-only" aria-label={texts().nav.settings}>
        <SlidersHorizontal size={18} aria-hidden="true" />
      </Menu.Trigger>
      <Portal>
        <Menu.Positioner>
          <Menu.Content class="menu">
            <Menu.RadioItemGroup
              value={language()}
              onValueChange={({ value }) => choose(value as Language)}
              aria-label={texts().nav.language}
            >
              <div class="menu-title" aria-hidden="true">
                {texts().nav.language}
              </div>
              <For each={Object.entries(languages)}>
                {([code, name]) => (
                  <Menu.RadioItem value={code} class="menu-item">
                    <span class="menu-check">
                      <Show when={code === language()}>
                        <Check size={16} aria-hidden="true" />
                      </Show>
                    </span>
                    <span lang={code}>{name}</span>
                  </Menu.RadioItem>
                )}
              </For>
            </Menu.RadioItemGroup>
            <Menu.Separator class="menu-separator" />
            <Menu.RadioItemGroup
              value={theme()}
              onValueChange={({ value }) => {
                chooseTheme(value)
                setTheme(chosenTheme())
                applyTheme()
              }}
              aria-label={texts().nav.theme}
            >
              <div class="menu-title" aria-hidden="true">
                {texts().nav.theme}
              </div>
              <For each={themes}>
                {(name) => (
                  <Menu.RadioItem value={name} class="menu-item">
                    <span class="menu-check">
                      <Show when={name === theme()}>
                        <Check size={16} aria-hidden="true" />
                      </Show>
                    </span>
                    {texts().nav.themes[name]}
                  </Menu.RadioItem>
                )}
              </For>
            </Menu.RadioItemGroup>
            <Menu.Separator class="menu-separator" />
            <Menu.Item value="sign-out" class="menu-item">
              <span class="menu-check">
                <LogOut size={16} aria-hidden="true" />
              </span>
              {texts().nav.signOut}
            </Menu.Item>
          </Menu.Content>
        </Menu.Positioner>
      </Portal>
    </Menu.Root>
  )
}
