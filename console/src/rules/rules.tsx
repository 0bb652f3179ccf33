/** The rules of a customer: edited with the effect in sight, saved as versions, and taken back. */
import { createEffect, createMemo, createResource, createSignal, on, onCleanup, Show } from 'solid-js'
import { api, dataOf } from '../api/client.ts'
import { Notice } from '../components/notice.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { AvailabilityMap } from './availability-map.tsx'
import { Catalogue } from './catalogue.tsx'
import { RulesDraft, TYPING_MS } from './draft.ts'
import { Effect } from './effect.tsx'
import { Findings } from './findings.tsx'
import { TriggerTable } from './trigger-table.tsx'
import { TryLine } from './try-line.tsx'
import { Versions } from './versions.tsx'

export default function Rules() {
  const { texts } = useLanguage()
  const { tenant } = useTenant()
  const draft = createMemo(() => new RulesDraft(tenant()))
  const [isConflict, setIsConflict] = createSignal(false)
  /** The index of the trigger that took the subject of the try line. */
  const [lit, setLit] = createSignal<number | null>(null)
  const load = () =>
    draft()
      .load()
      .catch((error: unknown) => showFailed(texts().errors.title, error))
  createEffect(on(draft, () => void load()))

  const [findings, { refetch }] = createResource(
    () => (draft().isLoaded ? { tenant: tenant() } : null),
    ({ tenant }) =>
      dataOf(
        api.POST('/v1/tenants/{tenant}/rules/lint', { params: { path: { tenant } }, body: draft().body() })
      )
        .then(({ findings }) => findings)
        .catch(() => [])
  )
  createEffect(
    on(
      () => draft().isLoaded && [draft().triggers, draft().diversions, draft().availability],
      () => {
        const timer = setTimeout(() => void refetch(), TYPING_MS)
        onCleanup(() => clearTimeout(timer))
      },
      { defer: true }
    )
  )

  const save = async (isForced: boolean) => {
    const saved = await draft().save({ isForced })
    setIsConflict(saved.outcome === 'conflict')
    if (saved.outcome === 'saved') showDone(texts().rules.saved(saved.version))
    if (saved.outcome === 'failed') showFailed(texts().errors.title, saved.error)
  }
  const takeTheirs = async () => {
    await load()
    setIsConflict(false)
  }
  const warnOfLoss = (event: BeforeUnloadEvent) => {
    if (draft().isLoaded && draft().isChanged) event.preventDefault()
  }
  window.addEventListener('beforeunload', warnOfLoss)
  onCleanup(() => window.removeEventListener('beforeunload', warnOfLoss))

  return (
    <div class="page">
      <Show when={draft().isLoaded}>
        <div class="title-line sticky">
          <h1>{texts().rules.title}</h1>
          <span class="pill" classList={{ soon: draft().isChanged }}>
            {draft().isChanged ? texts().rules.unsaved : texts().rules.version(draft().version)}
          </span>
          <span class="spread" />
          <button type="button" class="button" disabled={!draft().isChanged} onClick={() => void load()}>
            {texts().rules.discard}
          </button>
          <button
            type="button"
            class="button primary"
            disabled={!draft().isChanged}
            onClick={() => void save(false)}
          >
            {texts().rules.save}
          </button>
        </div>
        <div role="alert">
          <Show when={isConflict()}>
            <Notice kind="soon">
              <p>{texts().rules.conflict}</p>
              <div class="inline">
                <button type="button" class="button" onClick={() => void takeTheirs()}>
                  {texts().rules.takeTheirs}
                </button>
                <button type="button" class="button" onClick={() => void save(true)}>
                  {texts().rules.keepMine}
                </button>
              </div>
            </Notice>
          </Show>
        </div>
        <TryLine draft={draft()} onTaken={setLit} />
        <div class="columns wide-first">
          <div class="stack">
            <TriggerTable draft={draft()} lit={lit()} findings={findings.latest ?? []} />
          </div>
          <div class="stack">
            <Findings findings={findings.latest ?? []} />
            <Effect draft={draft()} />
            <AvailabilityMap draft={draft()} />
            <Catalogue draft={draft()} />
            <Versions version={draft().version} onRestored={() => void load()} />
          </div>
        </div>
      </Show>
    </div>
  )
}
