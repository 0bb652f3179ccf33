/** The consumers as a table: where each leads to, whether it takes what is sent, and how far behind it is. */
import { Menu } from '@ark-ui/solid/menu'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import Pause from 'lucide-solid/icons/pause'
import Play from 'lucide-solid/icons/play'
import { For, Show } from 'solid-js'
import { Portal } from 'solid-js/web'
import { Present } from '../components/present.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { isEditable, placeOf } from './consumer-values.ts'
import type { Consumer } from './consumers-client.ts'
import { consumersTexts } from './texts.ts'

interface TableActions {
  readonly onAction: (action: 'edit' | 'test' | 'users' | 'remove', of: Consumer) => void
  readonly onPause: (of: Consumer) => void
  readonly onResume: (of: Consumer) => void
  readonly onSendAgain: (of: Consumer) => void
}

const meanings = {
  unverified: 'soon',
  active: 'open',
  failing: 'failed',
  refused: 'failed',
  disabled: 'failed',
  paused: 'stale'
} as const satisfies Record<Consumer['status']['state'], string>

export function ConsumerTable(props: TableActions & { readonly consumers: readonly Consumer[] }) {
  const texts = usePageTexts(consumersTexts)
  return (
    <section class="table-frame" aria-label={texts().title}>
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">{texts().columns.consumer}</th>
            <th scope="col">{texts().columns.state}</th>
            <th scope="col">{texts().columns.lag}</th>
            <th scope="col">{texts().columns.users}</th>
            <th scope="col">
              <span class="visually-hidden">{texts().columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={props.consumers}>{(consumer) => <ConsumerRow {...props} of={consumer} />}</For>
        </tbody>
      </table>
    </section>
  )
}

function ConsumerRow(props: TableActions & { readonly of: Consumer }) {
  const texts = usePageTexts(consumersTexts)
  const { when } = useTenant()
  const status = () => props.of.status
  const users = () => status().users
  return (
    <tr>
      <th scope="row">
        <Show when={isEditable(props.of)} fallback={props.of.consumer}>
          <button type="button" class="link-button" onClick={() => props.onAction('edit', props.of)}>
            {props.of.consumer}
          </button>
        </Show>
        <span class="key-prefix">{texts().kinds[props.of.kind].name}</span>
        <span class="key-prefix break" dir="ltr">
          {placeOf(props.of)}
        </span>
      </th>
      <td>
        <span class={`pill ${meanings[status().state]}`}>{texts().states[status().state]}</span>
        <Present value={status().error}>
          {(error) => (
            <p class="soft" dir="auto">
              {error().hint} <code>{error().code}</code>
            </p>
          )}
        </Present>
      </td>
      <td class="nowrap" data-label={texts().columns.lag}>
        {texts().lag(status().lagSeconds)}
        <p class="soft">
          <Present value={status().lastAcknowledgedAt} fallback={texts().neverTook}>
            {(at) => texts().took(when(at()))}
          </Present>
        </p>
      </td>
      <td class="nowrap" data-label={texts().columns.users}>
        <Show when={props.of.kind !== 'webhook'} fallback={<span class="soft">{texts().noUsers}</span>}>
          {texts().has(users().ok + users().sent)}
          <Show when={users().failed + users().takenOver > 0}>
            <p>
              <button type="button" class="link-button" onClick={() => props.onAction('users', props.of)}>
                {texts().troubled(users().failed, users().takenOver)}
              </button>
            </p>
          </Show>
        </Show>
      </td>
      <td>
        <RowButtons {...props} />
      </td>
    </tr>
  )
}

function RowButtons(props: TableActions & { readonly of: Consumer }) {
  const texts = usePageTexts(consumersTexts)
  const isStopped = () => ['paused', 'disabled'].includes(props.of.status.state)
  const run = (action: string) => {
    if (action === 'again') props.onSendAgain(props.of)
    else if (action === 'edit' || action === 'remove') props.onAction(action, props.of)
  }
  return (
    <div class="row-buttons">
      <button
        type="button"
        class="button quiet"
        aria-label={texts().testNamed(props.of.consumer)}
        onClick={() => props.onAction('test', props.of)}
      >
        {texts().test}
      </button>
      <button
        type="button"
        class="button quiet icon-only"
        aria-label={
          isStopped() ? texts().resumeNamed(props.of.consumer) : texts().pauseNamed(props.of.consumer)
        }
        title={isStopped() ? texts().resume : texts().pause}
        onClick={() => (isStopped() ? props.onResume(props.of) : props.onPause(props.of))}
      >
        <Show when={isStopped()} fallback={<Pause size={16} aria-hidden="true" />}>
          <Play size={16} aria-hidden="true" />
        </Show>
      </button>
      <Menu.Root
        positioning={{ placement: 'bottom-end' }}
        onSelect={({ value }) => run(value)}
        lazyMount
        unmountOnExit
      >
        <Menu.Trigger class="button quiet icon-only" aria-label={texts().moreNamed(props.of.consumer)}>
          <Ellipsis size={16} aria-hidden="true" />
        </Menu.Trigger>
        <Portal>
          <Menu.Positioner>
            <Menu.Content class="menu">
              <Show when={isEditable(props.of)}>
                <Menu.Item value="edit" class="menu-item">
                  {texts().edit}
                </Menu.Item>
              </Show>
              <Menu.Item value="again" class="menu-item">
                {texts().again}
              </Menu.Item>
              <Menu.Separator class="menu-separator" />
              <Menu.Item value="remove" class="menu-item">
                {texts().remove}
              </Menu.Item>
            </Menu.Content>
          </Menu.Positioner>
        </Portal>
      </Menu.Root>
    </div>
  )
}
