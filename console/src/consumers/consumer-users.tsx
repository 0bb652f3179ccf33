/** Of whom a consumer took nothing, or whose state there was set by somebody else. */
import { createResource, For } from 'solid-js'
import { Dialog } from '../components/dialog.tsx'
import { Present } from '../components/present.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import type { Consumer, ConsumersClient } from './consumers-client.ts'
import { consumersTexts } from './texts.ts'

export function ConsumerUsersDialog(props: { client: ConsumersClient; of: Consumer; onClose: () => void }) {
  const texts = usePageTexts(consumersTexts)
  const { live, when } = useTenant()
  const [users] = createResource(() => props.client.troubled(props.of.consumer))
  const nameOf = (user: string) => live()?.all().get(user)?.displayName ?? user
  return (
    <Dialog title={texts().troubledTitle(props.of.consumer)} onClose={props.onClose}>
      <Present value={users.latest}>
        {(all) => (
          <ul class="plain stack">
            <For each={all()} fallback={<li class="soft">{texts().noTrouble}</li>}>
              {({ user, extension, outcome, at, error }) => (
                <li>
                  <strong dir="auto">{nameOf(user)}</strong>
                  <span class="soft">{` ${extension}`}</span>
                  <p class="soft" dir="auto">
                    {outcome === 'takenOver' ? texts().takenOver : (error?.hint ?? '')}
                    {at === null ? '' : ` (${when(at)})`}
                  </p>
                </li>
              )}
            </For>
          </ul>
        )}
      </Present>
    </Dialog>
  )
}
