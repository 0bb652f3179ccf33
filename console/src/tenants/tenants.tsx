/** Where a provider chooses a customer. */

import { A } from '@solidjs/router'
import Pencil from 'lucide-solid/icons/pencil'
import Search from 'lucide-solid/icons/search'
import { createResource, createSignal, For, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { showDone } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { EditTenantDialog } from './edit-tenant.tsx'
import { NewTenantDialog } from './new-tenant.tsx'
import { tenantsTexts } from './texts.ts'

/** What the API gives in one answer at the most. */
const PAGE = 1000

async function readAllTenants(): Promise<readonly Schemas['Tenant'][]> {
  const all: Schemas['Tenant'][] = []
  for (let after: string | undefined; ; ) {
    const query = { limit: PAGE, ...(after === undefined ? {} : { after }) }
    const page = await dataOf(api.GET('/v1/tenants', { params: { query } }))
    all.push(...page.tenants)
    after = page.after
    if (after === undefined) return all
  }
}

/** How many are drawn: a provider types rather than scrolls ten thousand. */
const SHOWN = 200

export default function Tenants() {
  const { texts } = useLanguage()
  const pageTexts = usePageTexts(tenantsTexts)
  const [isMaking, setIsMaking] = createSignal(false)
  const [query, setQuery] = createSignal('')
  const [tenants, { refetch }] = createResource(readAllTenants)
  const [edited, setEdited] = createSignal<Schemas['Tenant'] | null>(null)
  const found = () => {
    const wanted = query().trim().toLowerCase()
    return (tenants.latest ?? []).filter(
      ({ tenant, name }) => tenant.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted)
    )
  }
  return (
    <div class="page">
      <div class="title-line">
        <h1>{texts().tenants.title}</h1>
        <button type="button" class="button primary" onClick={() => setIsMaking(true)}>
          {pageTexts().make}
        </button>
      </div>
      <label class="search">
        <Search size={18} aria-hidden="true" />
        <span class="visually-hidden">{texts().tenants.search}</span>
        <input
          type="search"
          placeholder={texts().tenants.search}
          value={query()}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </label>
      <Show
        when={found().length > 0}
        fallback={
          <Present value={tenants.latest}>
            {(all) => (
              <p class="empty">{all().length === 0 ? texts().tenants.none : texts().tenants.noMatch}</p>
            )}
          </Present>
        }
      >
        <ul class="tenant-list">
          <For each={found().slice(0, SHOWN)}>
            {(tenant) => (
              <li>
                <A href={`/${encodeURIComponent(tenant.tenant)}`}>
                  <strong dir="auto">{tenant.name}</strong>
                  <span class="extension">{tenant.tenant}</span>
                </A>
                <button
                  type="button"
                  class="button quiet icon-only"
                  aria-label={pageTexts().edit(tenant.name)}
                  title={pageTexts().edit(tenant.name)}
                  onClick={() => setEdited(tenant)}
                >
                  <Pencil size={16} aria-hidden="true" />
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={found().length > SHOWN}>
        <p class="count">{texts().tenants.more(found().length - SHOWN)}</p>
      </Show>
      <Present value={edited()}>
        {(tenant) => (
          <EditTenantDialog
            of={tenant()}
            onDone={(message) => {
              setEdited(null)
              showDone(message)
              void refetch()
            }}
            onClose={() => setEdited(null)}
          />
        )}
      </Present>
      <Show when={isMaking()}>
        <NewTenantDialog
          taken={new Set((tenants.latest ?? []).map(({ tenant }) => tenant))}
          onClose={() => setIsMaking(false)}
        />
      </Show>
    </div>
  )
}
