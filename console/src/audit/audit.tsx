/** The audit of a customer, or of the provider: who did what, when, from where, and what it was before. */

import { useParams } from '@solidjs/router'
import Download from 'lucide-solid/icons/download'
import { createEffect, createMemo, createResource, createSignal, For, on, Show } from 'solid-js'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { saveFile } from '../components/save-file.ts'
import { SelectField } from '../components/text-field.tsx'
import { showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { actionLabel, auditActions } from './actions.ts'
import {
  type AuditAction,
  AuditClient,
  type AuditEntry,
  type AuditFilter,
  type Verification
} from './audit-client.ts'
import { EntryRow } from './entry-row.tsx'
import { auditTexts } from './texts.ts'
import './audit.css'

export default function Audit() {
  const page = useLanguage().texts
  const texts = usePageTexts(auditTexts)
  const params = useParams<{ tenant?: string }>()
  const tenant = () => (params.tenant === undefined ? null : decodeURIComponent(params.tenant))
  const client = createMemo(() => new AuditClient(tenant()))
  const [verification] = createResource(client, (client) => client.verify())
  const [filter, setFilter] = createSignal<AuditFilter>({})
  const [entries, setEntries] = createSignal<readonly AuditEntry[] | null>(null)
  const [before, setBefore] = createSignal<number | null>(null)
  let round = 0

  const load = async (verified: Verification, from: number | null) => {
    const mine = ++round
    const { position, trimmed } = verified.head
    try {
      const found = await client().page(from ?? position + 1, trimmed, filter())
      if (mine !== round) return
      setEntries(withoutBegun(from === null ? found.entries : [...(entries() ?? []), ...found.entries]))
      setBefore(found.before)
    } catch (error) {
      if (mine === round) showFailed(page().errors.title, error)
    }
  }
  createEffect(
    on([() => verification.latest, filter], ([verified]) => {
      if (verified !== undefined) void load(verified, null)
    })
  )
  const save = async () => {
    try {
      saveFile(await client().lines(), `audit-${tenant() ?? 'provider'}.ndjson`)
    } catch (error) {
      showFailed(page().errors.title, error)
    }
  }

  return (
    <div class="page">
      <div class="title-line">
        <h1>{tenant() === null ? texts().providerTitle : texts().title}</h1>
        <button type="button" class="button" onClick={() => void save()}>
          <Download size={16} aria-hidden="true" />
          {texts().save}
        </button>
      </div>
      <Present value={verification.latest}>{(verified) => <Chain of={verified()} />}</Present>
      <Filter value={filter()} onChange={setFilter} />
      <Present value={entries()}>
        {(shown) => (
          <Show
            when={shown().length > 0}
            fallback={
              <p class="empty">
                {filter().actor === undefined && filter().action === undefined
                  ? texts().none
                  : texts().noMatch}
              </p>
            }
          >
            <ol class="plain audit-list" aria-label={texts().title}>
              <For each={shown()}>
                {(entry) => <EntryRow entry={entry} onActor={(actor) => setFilter({ ...filter(), actor })} />}
              </For>
            </ol>
          </Show>
        )}
      </Present>
      <Present value={before()}>
        {(from) => (
          <button type="button" class="button" onClick={() => void load(verification.latest!, from())}>
            {texts().older}
          </button>
        )}
      </Present>
    </div>
  )
}

/** Without those of which the next entry says how they ended. */
function withoutBegun(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return entries.filter(({ outcome, action, target }, index) => {
    const next = entries[index - 1]
    const hasEnded = next?.action === action && JSON.stringify(next.target) === JSON.stringify(target)
    return outcome !== 'begun' || !hasEnded
  })
}

/** Whether the entries are as they were written. */
function Chain(props: { of: Verification }) {
  const texts = usePageTexts(auditTexts)
  return (
    <Present
      value={props.of.break}
      fallback={
        <Notice kind="open">
          <p>{texts().intact(props.of.entries)}</p>
        </Notice>
      }
    >
      {(broken) => (
        <Notice kind="failed">
          <p>{texts().broken(broken().position, texts().breaks[broken().reason])}</p>
        </Notice>
      )}
    </Present>
  )
}

function Filter(props: { value: AuditFilter; onChange: (filter: AuditFilter) => void }) {
  const texts = usePageTexts(auditTexts)
  const options = () => [
    { value: '', label: texts().anything },
    ...auditActions
      .map((action) => ({ value: action as string, label: actionLabel(action, texts()) }))
      .sort((one, other) => one.label.localeCompare(other.label))
  ]
  return (
    <div class="inline">
      <SelectField
        label={texts().action}
        value={props.value.action ?? ''}
        onInput={(value) =>
          props.onChange({ ...props.value, action: value === '' ? undefined : (value as AuditAction) })
        }
        options={options()}
      />
      <Present value={props.value.actor}>
        {(actor) => (
          <button
            type="button"
            class="button"
            onClick={() => props.onChange({ ...props.value, actor: undefined })}
          >
            {texts().onlyBy(actor())}
          </button>
        )}
      </Present>
    </div>
  )
}
