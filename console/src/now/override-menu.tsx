/** Sets a diversion by hand: the catalogue with a digit or letter for each, so that it takes two keystrokes. */
import { Menu } from '@ark-ui/solid/menu'
import { For, Show } from 'solid-js'
import { Portal } from 'solid-js/web'
import type { Status } from '../api/client.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { removeOverride, setOverride } from './override.ts'

interface OverrideMenuProps {
  readonly status: Status
  readonly anchor: () => HTMLElement | null
  /** Asks for an absence in place of what holds now. */
  readonly onAbsence: () => void
  readonly onClose: () => void
}

const SHORTCUTS = '1234567890abcdefghijklmnopqrstuvwxyz'
const FOLLOW_CALENDAR = 'follow-calendar'
const ABSENCE = 'enter-absence'

export function OverrideMenu(props: OverrideMenuProps) {
  const { texts } = useLanguage()
  const { tenant, diversions, labelOf } = useTenant()
  const choose = (value: string) => {
    const options = { tenant: tenant(), status: props.status, texts: texts() }
    props.onClose()
    if (value === ABSENCE) props.onAbsence()
    else if (value === FOLLOW_CALENDAR) void removeOverride(options)
    else void setOverride(options, { diversion: value }, labelOf(value))
  }
  return (
    <Menu.Root
      open
      typeahead={false}
      positioning={{
        placement: 'bottom-end',
        getAnchorRect: () => props.anchor()?.getBoundingClientRect() ?? null
      }}
      onSelect={({ value }) => choose(value)}
      onOpenChange={({ open }) => {
        if (!open) props.onClose()
      }}
    >
      <Portal>
        <Menu.Positioner>
          <Menu.Content
            class="menu"
            aria-label={texts().now.setStatus(props.status.displayName)}
            onKeyDown={(event: KeyboardEvent) => {
              const at = SHORTCUTS.indexOf(event.key)
              const chosen = at === -1 || event.ctrlKey || event.metaKey ? undefined : diversions()[at]
              if (chosen === undefined) return
              event.preventDefault()
              event.stopPropagation()
              choose(chosen.code)
            }}
          >
            <div class="menu-title" aria-hidden="true" dir="auto">
              {props.status.displayName}
            </div>
            <For each={diversions()}>
              {({ code, phone }, index) => (
                <Menu.Item value={code} class="menu-item" aria-keyshortcuts={SHORTCUTS[index()] ?? ''}>
                  <span class={`dot ${phone}`} aria-hidden="true" />
                  <span class="menu-label" dir="auto">
                    {labelOf(code)}
                  </span>
                  <span class="key" aria-hidden="true">
                    {SHORTCUTS[index()]}
                  </span>
                </Menu.Item>
              )}
            </For>
            <Show when={props.status.source === 'override'}>
              <Menu.Separator class="menu-separator" />
              <Menu.Item value={FOLLOW_CALENDAR} class="menu-item">
                <span class="dot" aria-hidden="true" />
                <span class="menu-label">{texts().now.remove}</span>
                <span class="key" aria-hidden="true">
                  Del
                </span>
              </Menu.Item>
            </Show>
            <Menu.Separator class="menu-separator" />
            <Menu.Item value={ABSENCE} class="menu-item">
              <span class="dot" aria-hidden="true" />
              <span class="menu-label">{texts().now.absence}</span>
            </Menu.Item>
          </Menu.Content>
        </Menu.Positioner>
      </Portal>
    </Menu.Root>
  )
}
