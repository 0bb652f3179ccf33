/** The users of a customer: found as one types, added and edited, and enabled many at a time. */

import { A, useSearchParams } from '@solidjs/router'
import Download from 'lucide-solid/icons/download'
import FileUp from 'lucide-solid/icons/file-up'
import Search from 'lucide-solid/icons/search'
import UserPlus from 'lucide-solid/icons/user-plus'
import { createEffect, createMemo, createSignal, on, onCleanup, Show } from 'solid-js'
import { Choice } from '../components/choice.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { saveFile } from '../components/save-file.ts'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { usersTexts } from './texts.ts'
import { UserDialog } from './user-dialog.tsx'
import { type UserFilter, UserList } from './user-list.ts'
import { UserTable } from './user-table.tsx'
import { type User, UsersClient } from './users-client.ts'
import './users.css'

/** Milliseconds after the last key before the service is asked. */
const TYPING_MS = 150
const filters = ['all', 'unreadable', 'off'] as const

export default function Users() {
  const { texts } = useLanguage()
  const pageTexts = usePageTexts(usersTexts)
  const { tenant } = useTenant()
  const [search, setSearch] = useSearchParams<{ filter?: string }>()
  const list = createMemo(() => new UserList(new UsersClient(tenant())))
  const [query, setQuery] = createSignal('')
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set())
  /** `new`: one is being added. */
  const [edited, setEdited] = createSignal<User | 'new' | null>(null)
  const filter = (): UserFilter => filters.find((one) => one === search.filter) ?? 'all'
  const reload = () => list().load(query().trim(), filter())
  createEffect(
    on([list, query, filter], () => {
      const timer = setTimeout(() => void reload(), list().users === null ? 0 : TYPING_MS)
      onCleanup(() => clearTimeout(timer))
    })
  )
  const save = async () => {
    try {
      saveFile(await list().client.export(), `users-${tenant()}.csv`)
    } catch (error) {
      showFailed(texts().errors.title, error)
    }
  }
  const more = () =>
    list()
      .loadMore(query().trim())
      .catch((error: unknown) => showFailed(texts().errors.title, error))
  const chooseAll = async () =>
    setChosen(new Set((await list().everyone(query().trim())).map(({ user }) => user)))
  const onSaved = (message: string) => {
    setEdited(null)
    showDone(message)
    void reload()
  }
  const emptyText = () => {
    if (query() !== '') return texts().users.noMatch
    if (filter() === 'off') return pageTexts().noneOff
    return filter() === 'unreadable' ? texts().users.noneUnreadable : texts().users.none
  }

  return (
    <div class="page">
      <div class="title-line">
        <h1>{texts().users.title}</h1>
        <button type="button" class="button" onClick={() => void save()}>
          <Download size={16} aria-hidden="true" />
          {pageTexts().export}
        </button>
        <A class="button" href={`/${encodeURIComponent(tenant())}/users/import`}>
          <FileUp size={16} aria-hidden="true" />
          {pageTexts().import}
        </A>
        <button type="button" class="button primary" onClick={() => setEdited('new')}>
          <UserPlus size={16} aria-hidden="true" />
          {pageTexts().add}
        </button>
      </div>
      <div class="tools flush">
        <label class="search">
          <Search size={18} aria-hidden="true" />
          <span class="visually-hidden">{texts().users.search}</span>
          <input
            type="search"
            placeholder={texts().users.search}
            value={query()}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <Choice
          label={texts().users.columns.calendar}
          value={filter()}
          onChange={(value) => setSearch({ filter: value === 'all' ? undefined : value })}
          choices={[
            { value: 'all', label: texts().users.everybody },
            { value: 'unreadable', label: texts().users.unreadable },
            { value: 'off', label: pageTexts().off }
          ]}
        />
      </div>
      <Show when={list().error}>
        <Notice kind="failed">
          <p>{texts().errors.load}</p>
          <button type="button" class="button" onClick={() => void reload()}>
            {texts().errors.retry}
          </button>
        </Notice>
      </Show>
      <Present value={list().users}>
        {(users) => (
          <Show when={users().length > 0} fallback={<p class="empty">{emptyText()}</p>}>
            <UserTable
              list={list()}
              chosen={chosen()}
              onChosen={setChosen}
              onEdit={(user) => setEdited(user)}
            />
            <div class="inline">
              <Show when={list().hasMore}>
                <button type="button" class="button" onClick={() => void more()}>
                  {texts().users.more}
                </button>
                <Show when={chosen().size > 0}>
                  <button type="button" class="button quiet" onClick={() => void chooseAll()}>
                    {pageTexts().chooseAll}
                  </button>
                </Show>
              </Show>
            </div>
          </Show>
        )}
      </Present>
      <Show when={chosen().size > 0}>
        <SelectionBar list={list()} chosen={chosen()} onChosen={setChosen} onChanged={() => void reload()} />
      </Show>
      <Present value={edited()}>
        {(user) => (
          <UserDialog
            of={user() === 'new' ? null : (user() as User)}
            onSaved={onSaved}
            onClose={() => setEdited(null)}
          />
        )}
      </Present>
    </div>
  )
}
