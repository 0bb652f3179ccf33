/** Users as a table: chosen with the box before each, and why a calendar cannot be read. */

import { A } from '@solidjs/router'
import Pencil from 'lucide-solid/icons/pencil'
import { For } from 'solid-js'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { usersTexts } from './texts.ts'
import type { UserList } from './user-list.ts'
import type { User } from './users-client.ts'

interface UserTableProps {
  readonly list: UserList
  readonly chosen: ReadonlySet<string>
  readonly onChosen: (users: ReadonlySet<string>) => void
  readonly onEdit: (user: User) => void
}

export function UserTable(props: UserTableProps) {
  const { texts } = useLanguage()
  const pageTexts = usePageTexts(usersTexts)
  const shown = () => props.list.users ?? []
  const isEveryoneChosen = () => shown().every(({ user }) => props.chosen.has(user))
  const chooseShown = (isChosen: boolean) => {
    const chosen = new Set(props.chosen)
    for (const { user } of shown()) isChosen ? chosen.add(user) : chosen.delete(user)
    props.onChosen(chosen)
  }
  const choose = (user: string, isChosen: boolean) => {
    const chosen = new Set(props.chosen)
    isChosen ? chosen.add(user) : chosen.delete(user)
    props.onChosen(chosen)
  }
  return (
    <section class="table-frame" aria-label={texts().users.title}>
      <table class="user-table stacks">
        <thead>
          <tr>
            <td class="box">
              <input
                type="checkbox"
                aria-label={pageTexts().chooseShown}
                checked={isEveryoneChosen()}
                onChange={(event) => chooseShown(event.currentTarget.checked)}
              />
            </td>
            <th scope="col">{texts().users.columns.name}</th>
            <th scope="col">{texts().users.columns.extension}</th>
            <th scope="col">{texts().users.columns.mailbox}</th>
            <th scope="col">{texts().users.columns.calendar}</th>
            <th scope="col">
              <span class="visually-hidden">{pageTexts().actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={shown()}>
            {(user) => (
              <tr>
                <td class="box">
                  <input
                    type="checkbox"
                    aria-label={pageTexts().choose(user.displayName)}
                    checked={props.chosen.has(user.user)}
                    onChange={(event) => choose(user.user, event.currentTarget.checked)}
                  />
                </td>
                <UserCells of={user} list={props.list} />
                <td>
                  <button
                    type="button"
                    class="button quiet icon-only"
                    aria-label={pageTexts().edit(user.displayName)}
                    title={pageTexts().edit(user.displayName)}
                    onClick={() => props.onEdit(user)}
                  >
                    <Pencil size={16} aria-hidden="true" />
                  </button>
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  )
}

function UserCells(props: { of: User; list: UserList }) {
  const pageTexts = usePageTexts(usersTexts)
  const { tenant } = useTenant()
  const stateText = () => {
    if (!props.of.mailbox) return pageTexts().noMailbox
    return props.of.syncEnabled ? pageTexts().isRead : pageTexts().isOff
  }
  return (
    <>
      <th scope="row">
        <A
          class="name-link"
          href={`/${encodeURIComponent(tenant())}/people/${encodeURIComponent(props.of.user)}`}
          dir="auto"
        >
          {props.of.displayName}
        </A>
      </th>
      <td>{props.of.extension}</td>
      <td class="mailbox">{props.of.mailbox}</td>
      <td>
        <Present value={props.list.syncOf(props.of.user)} fallback={<span class="soft">{stateText()}</span>}>
          {(sync) => (
            <Notice kind={sync().state === 'stale' ? 'stale' : 'failed'}>
              <span dir="auto">{sync().hint ?? sync().code}</span>
            </Notice>
          )}
        </Present>
      </td>
    </>
  )
}
