/** The users of a customer: found as one types, with whose calendar cannot be read as one filter. */
import { A } from '@solidjs/router'
import Search from 'lucide-solid/icons/search'
import { createEffect, createSignal, For, on, onCleanup, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { Choice } from '../components/choice.tsx'
import { Notice } from '../components/notice.tsx'
import { showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'

type User = Schemas['User']

const PAGE = 100
/** Milliseconds after the last key before the service is asked. */
const TYPING_MS = 150

export default function Users() {
  const { texts } = useLanguage()
  const { tenant } = useTenant()
  const [query, setQuery] = createSignal('')
  const [filter, setFilter] = createSignal<'all' | 'unreadable'>('all')
  const [users, setUsers] = createSignal<readonly User[] | null>(null)
  const [after, setAfter] = createSignal<string | undefined>()
  const [unreadable, setUnreadable] = createSignal<ReadonlyMap<string, Schemas['UserSync']> | null>(null)
  const [fault, setFault] = createSignal<unknown>(null)
  let round = 0

  const load = async (from?: string) => {
    const mine = ++round
    setFault(null)
    try {
      const q = query().trim()
      const params = {
        path: { tenant: tenant() },
        query: { limit: PAGE, ...(q === '' ? {} : { q }), ...(from === undefined ? {} : { after: from }) }
      }
      const page = await dataOf(api.GET('/v1/tenants/{tenant}/users', { params }))
      if (mine !== round) return
      setUsers(from === undefined ? page.users : [...(users() ?? []), ...page.users])
      setAfter(page.after)
    } catch (error) {
      if (mine === round) setFault(error)
    }
  }
  const loadUnreadable = async () => {
    try {
      const params = { path: { tenant: tenant() }, query: { state: 'failed,stale', limit: 1000 } }
      const report = await dataOf(api.GET('/v1/tenants/{tenant}/sync', { params }))
      setUnreadable(new Map(report.users.map((sync) => [sync.user, sync])))
    } catch (error) {
      showFailed(texts().errors.title, error)
    }
  }
  createEffect(
    on([tenant, query], () => {
      const timer = setTimeout(() => void load(), users() === null ? 0 : TYPING_MS)
      onCleanup(() => clearTimeout(timer))
    })
  )
  createEffect(on(tenant, () => void loadUnreadable()))

  const shown = () => {
    const all = users() ?? []
    return filter() === 'all' ? all : all.filter(({ user }) => unreadable()?.has(user))
  }
  const emptyText = () => {
    if (filter() === 'unreadable') return texts().users.noneUnreadable
    return query() === '' ? texts().users.none : texts().users.noMatch
  }

  return (
    <div class="page">
      <h1>{texts().users.title}</h1>
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
          onChange={setFilter}
          choices={[
            { value: 'all', label: texts().users.everybody },
            { value: 'unreadable', label: texts().users.unreadable }
          ]}
        />
      </div>
      <Show when={fault()}>
        <Notice kind="failed">
          <p>{texts().errors.load}</p>
          <button type="button" class="button" onClick={() => void load()}>
            {texts().errors.retry}
          </button>
        </Notice>
      </Show>
      <Show when={users()}>
        <Show when={shown().length > 0} fallback={<p class="empty">{emptyText()}</p>}>
          <section class="table-frame" aria-label={texts().users.title}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts().users.columns.name}</th>
                  <th scope="col">{texts().users.columns.extension}</th>
                  <th scope="col">{texts().users.columns.mailbox}</th>
                  <th scope="col">{texts().users.columns.calendar}</th>
                </tr>
              </thead>
              <tbody>
                <For each={shown()}>
                  {(user) => (
                    <tr>
                      <th scope="row">
                        <A
                          class="name-link"
                          href={`/${encodeURIComponent(tenant())}/people/${encodeURIComponent(user.user)}`}
                          dir="auto"
                        >
                          {user.displayName}
                        </A>
                      </th>
                      <td>{user.extension}</td>
                      <td class="mailbox">{user.mailbox}</td>
                      <td>
                        <Show
                          when={unreadable()?.get(user.user)}
                          fallback={user.mailbox ? '' : texts().sync.off}
                        >
                          {(sync) => (
                            <Notice kind={sync().state === 'stale' ? 'stale' : 'failed'}>
                              <span dir="auto">{sync().hint ?? sync().code}</span>
                            </Notice>
                          )}
                        </Show>
                      </td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </section>
          <Show when={after()}>
            {(from) => (
              <button type="button" class="button" onClick={() => void load(from())}>
                {texts().users.more}
              </button>
            )}
          </Show>
        </Show>
      </Show>
    </div>
  )
}
