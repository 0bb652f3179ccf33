/** The attendant's view: everybody, found as one types, with until when and what is next; set by hand in two keystrokes. */
import Maximize from 'lucide-solid/icons/maximize'
import Minimize from 'lucide-solid/icons/minimize'
import Search from 'lucide-solid/icons/search'
import { createEffect, createMemo, createSignal, onCleanup, onMount, Show } from 'solid-js'
import type { Status } from '../api/client.ts'
import { Choice } from '../components/choice.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { findPeople } from './find-people.ts'
import { PeopleList } from './people-list.tsx'

const nobody: ReadonlyMap<string, Status> = new Map()

export function Now() {
  const { texts, language } = useLanguage()
  const { live, diversions } = useTenant()
  const [query, setQuery] = createSignal('')
  const [phone, setPhone] = createSignal<'all' | 'open' | 'closed'>('all')
  const [view, setView] = createSignal<'list' | 'grouped'>('list')
  const [isWall, setIsWall] = createSignal(false)
  let search: HTMLInputElement | undefined
  let focusFirst: () => void = () => {}

  const all = () => live()?.all() ?? nobody
  const items = createMemo(() =>
    findPeople(all(), {
      query: query(),
      phone: phone(),
      isGrouped: view() === 'grouped' || isWall(),
      order: diversions().map(({ code }) => code),
      language: language()
    })
  )
  const count = () => items().reduce((sum, { kind }) => sum + (kind === 'person' ? 1 : 0), 0)
  const hasEverybody = () => {
    items()
    return count() === all().size
  }

  const onKey = (event: KeyboardEvent) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
    if (event.key === '/' && !isTyping) {
      event.preventDefault()
      search?.focus()
    }
    if (event.key === 'Escape' && isWall()) setIsWall(false)
  }
  onMount(() => document.addEventListener('keydown', onKey))
  createEffect(() => document.documentElement.classList.toggle('wall', isWall()))
  onCleanup(() => {
    document.removeEventListener('keydown', onKey)
    document.documentElement.classList.remove('wall')
  })

  return (
    <div class="now">
      <h1 class="visually-hidden">{texts().now.title}</h1>
      <div class="tools">
        <label class="search">
          <Search size={18} aria-hidden="true" />
          <span class="visually-hidden">{texts().now.search}</span>
          <input
            ref={search}
            type="search"
            placeholder={texts().now.search}
            value={query()}
            autocomplete="off"
            spellcheck={false}
            aria-keyshortcuts="/"
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowDown') return
              event.preventDefault()
              focusFirst()
            }}
          />
          <span class="key" aria-hidden="true">
            /
          </span>
        </label>
        <Choice
          label={texts().now.filter}
          value={phone()}
          onChange={setPhone}
          choices={[
            { value: 'all', label: texts().now.all },
            { value: 'open', label: texts().now.open },
            { value: 'closed', label: texts().now.closed }
          ]}
        />
        <Choice
          label={texts().now.view}
          value={view()}
          onChange={setView}
          choices={[
            { value: 'list', label: texts().now.list },
            { value: 'grouped', label: texts().now.grouped }
          ]}
        />
        <span class="count" role="status">
          {hasEverybody() ? texts().now.people(count()) : texts().now.found(count(), all().size)}
        </span>
        <button
          type="button"
          class="button quiet icon-only"
          aria-pressed={isWall()}
          aria-label={isWall() ? texts().now.leaveWall : texts().now.wall}
          title={isWall() ? texts().now.leaveWall : texts().now.wall}
          onClick={() => setIsWall(!isWall())}
        >
          <Show when={isWall()} fallback={<Maximize size={18} aria-hidden="true" />}>
            <Minimize size={18} aria-hidden="true" />
          </Show>
        </button>
      </div>
      <Show when={live()?.isLoaded}>
        <Show
          when={items().length > 0}
          fallback={<p class="empty">{all().size === 0 ? texts().now.noUsers : texts().now.noMatch}</p>}
        >
          <PeopleList
            items={items()}
            isWall={isWall()}
            onReady={(focus) => {
              focusFirst = focus
            }}
          />
          <p class="key-help" aria-hidden="true">
            {texts().now.keys}
          </p>
        </Show>
      </Show>
    </div>
  )
}
