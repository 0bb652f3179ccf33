/** The keys as a table: what each opens, when it was last used, and when it ends. */

import RotateCw from 'lucide-solid/icons/rotate-cw'
import Trash from 'lucide-solid/icons/trash'
import { For, Show } from 'solid-js'
import { Present } from '../components/present.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { Key } from './keys-client.ts'
import { keysTexts } from './texts.ts'

/** Days before its end from which a key is shown as due. */
const DUE_DAYS = 30

interface KeyActions {
  readonly onRotate: (key: Key) => void
  readonly onRevoke: (key: Key) => void
}

export function KeyTable(props: KeyActions & { readonly keys: readonly Key[] }) {
  const texts = usePageTexts(keysTexts)
  return (
    <section class="table-frame" aria-label={texts().title}>
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">{texts().columns.name}</th>
            <th scope="col">{texts().columns.role}</th>
            <th scope="col">{texts().columns.used}</th>
            <th scope="col">{texts().columns.ends}</th>
            <th scope="col">
              <span class="visually-hidden">{texts().columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={props.keys}>
            {(key) => <KeyRow of={key} onRotate={props.onRotate} onRevoke={props.onRevoke} />}
          </For>
        </tbody>
      </table>
    </section>
  )
}

function KeyRow(props: KeyActions & { readonly of: Key }) {
  const texts = usePageTexts(keysTexts)
  const { when } = useTimes()
  return (
    <tr>
      <th scope="row">
        <span dir="auto">{props.of.name}</span>
        <code class="key-prefix">{`${props.of.prefix}…`}</code>
      </th>
      <td>
        {texts().roles[props.of.role]}
        <Present value={props.of.user}>{(user) => <span class="soft">{` · ${user()}`}</span>}</Present>
        <Show when={props.of.sensitive}>
          <span class="soft">{` · ${texts().sensitiveShort}`}</span>
        </Show>
      </td>
      <td class="nowrap" data-label={texts().columns.used}>
        {props.of.lastUsedDay ?? <span class="soft">{texts().neverUsed}</span>}
      </td>
      <td data-label={texts().columns.ends}>
        <KeyEnd of={props.of} />
        <Present value={props.of.previousUntil}>
          {(until) => <p class="soft">{texts().previousUntil(when(until()))}</p>}
        </Present>
      </td>
      <td>
        <div class="row-buttons">
          <button
            type="button"
            class="button quiet"
            aria-label={texts().rotateNamed(props.of.name)}
            onClick={() => props.onRotate(props.of)}
          >
            <RotateCw size={16} aria-hidden="true" />
            {texts().rotate}
          </button>
          <button
            type="button"
            class="button quiet icon-only"
            aria-label={texts().revokeNamed(props.of.name)}
            title={texts().revokeNamed(props.of.name)}
            onClick={() => props.onRevoke(props.of)}
          >
            <Trash size={16} aria-hidden="true" />
          </button>
        </div>
      </td>
    </tr>
  )
}

function KeyEnd(props: { readonly of: Key }) {
  const texts = usePageTexts(keysTexts)
  const { now } = useTimes()
  const state = () => {
    const { expiresAt, daysLeft } = props.of
    if (expiresAt === null) return null
    if (Date.parse(expiresAt) <= now()) return 'failed'
    return (daysLeft ?? 0) <= DUE_DAYS ? 'soon' : 'open'
  }
  return (
    <Present value={state()} fallback={<span class="soft">{texts().neverEnds}</span>}>
      {(state) => (
        <span class={`pill ${state()}`}>
          {state() === 'failed' ? texts().ended : texts().daysLeft(props.of.daysLeft ?? 0)}
        </span>
      )}
    </Present>
  )
}
