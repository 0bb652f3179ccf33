/** Who is told of alarms: by which way, from which severity on, when not, and what came of the last message. */
import Mail from 'lucide-solid/icons/mail'
import MessageSquare from 'lucide-solid/icons/message-square'
import Trash from 'lucide-solid/icons/trash'
import Webhook from 'lucide-solid/icons/webhook'
import { For, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { Present } from '../components/present.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import type { Recipient } from './alarms-client.ts'
import { alarmsTexts } from './texts.ts'

interface TableActions {
  readonly onAction: (action: 'edit' | 'confirm' | 'remove', of: Recipient) => void
  readonly onTest: (of: Recipient) => void
}

const icons = { email: Mail, sms: MessageSquare, webhook: Webhook }

export function RecipientTable(props: TableActions & { readonly recipients: readonly Recipient[] }) {
  const texts = usePageTexts(alarmsTexts)
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">{texts().columns.recipient}</th>
            <th scope="col">{texts().columns.told}</th>
            <th scope="col">{texts().columns.last}</th>
            <th scope="col">
              <span class="visually-hidden">{texts().columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={props.recipients}>{(recipient) => <RecipientRow {...props} of={recipient} />}</For>
        </tbody>
      </table>
    </div>
  )
}

function RecipientRow(props: TableActions & { readonly of: Recipient }) {
  const texts = usePageTexts(alarmsTexts)
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link-button" onClick={() => props.onAction('edit', props.of)}>
          {props.of.recipient}
        </button>
        <span class="recipient-place">
          <Dynamic component={icons[props.of.channel]} size={14} aria-hidden="true" />
          <span class="break" dir="ltr">
            {props.of.to}
          </span>
        </span>
      </th>
      <td>
        {texts().from[props.of.minSeverity]}
        <Present value={props.of.quiet}>
          {(quiet) => <p class="soft">{texts().quietFrom(quiet().from, quiet().to)}</p>}
        </Present>
        <Present value={props.of.digest}>{(at) => <p class="soft">{texts().digestAt(at())}</p>}</Present>
      </td>
      <td>
        <LastResult of={props.of} />
      </td>
      <td>
        <div class="row-buttons">
          <Show
            when={props.of.confirmed}
            fallback={
              <button
                type="button"
                class="button quiet"
                aria-label={texts().confirmNamed(props.of.recipient)}
                onClick={() => props.onAction('confirm', props.of)}
              >
                {texts().enterCode}
              </button>
            }
          >
            <button
              type="button"
              class="button quiet"
              aria-label={texts().testNamed(props.of.recipient)}
              onClick={() => props.onTest(props.of)}
            >
              {texts().test}
            </button>
          </Show>
          <button
            type="button"
            class="button quiet icon-only"
            aria-label={texts().removeNamed(props.of.recipient)}
            title={texts().removeNamed(props.of.recipient)}
            onClick={() => props.onAction('remove', props.of)}
          >
            <Trash size={16} aria-hidden="true" />
          </button>
        </div>
      </td>
    </tr>
  )
}

function LastResult(props: { readonly of: Recipient }) {
  const texts = usePageTexts(alarmsTexts)
  const { when } = useTimes()
  return (
    <>
      <Show when={!props.of.confirmed}>
        <p>
          <span class="pill soon">{texts().unconfirmed}</span>
        </p>
      </Show>
      <Present value={props.of.lastResult} fallback={<span class="soft">{texts().nothingSent}</span>}>
        {(last) => (
          <Show
            when={last().ok}
            fallback={
              <>
                <span class="pill failed">{texts().notTaken}</span>
                <p class="soft">{`${texts().results[last().code]} (${when(last().at)})`}</p>
              </>
            }
          >
            {texts().taken(when(last().at))}
          </Show>
        )}
      </Present>
    </>
  )
}
