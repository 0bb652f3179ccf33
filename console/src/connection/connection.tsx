/** How a customer's calendars are reached: a form for each kind, the customer's guide beside it, and a test. */
import { createEffect, createMemo, createSignal, For, Match, on, onCleanup, Show, Switch } from 'solid-js'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { Notice } from '../components/notice.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { ConnectionDraft } from './connection-draft.ts'
import { connectionKinds } from './connection-values.ts'
import { CaldavForm } from './forms/caldav-form.tsx'
import { PollField } from './forms/common-fields.tsx'
import { ConsentForm } from './forms/consent-form.tsx'
import { EwsForm } from './forms/ews-form.tsx'
import { GraphForm } from './forms/graph-form.tsx'
import { Guide } from './guides/guide.tsx'
import { Health } from './health.tsx'
import { TestPanel } from './test-panel.tsx'
import { connectionTexts } from './texts.ts'
import './connection.css'

export default function ConnectionPage() {
  const page = useLanguage().texts
  const texts = usePageTexts(connectionTexts)
  const { tenant, name } = useTenant()
  const draft = createMemo(() => new ConnectionDraft(tenant()))
  const [saves, setSaves] = createSignal(0)
  const [isChoosing, setIsChoosing] = createSignal(false)
  const [isRemoving, setIsRemoving] = createSignal(false)
  const load = () =>
    draft()
      .load()
      .catch((error: unknown) => showFailed(page().errors.title, error))
  createEffect(on(draft, () => void load()))
  const warnOfLoss = (event: BeforeUnloadEvent) => {
    if (draft().isLoaded && draft().isChanged) event.preventDefault()
  }
  window.addEventListener('beforeunload', warnOfLoss)
  onCleanup(() => window.removeEventListener('beforeunload', warnOfLoss))

  return (
    <div class="page">
      <div class="title-line sticky">
        <h1>{texts().title}</h1>
        <span class="spread" />
        <Show when={draft().isLoaded && draft().kind !== null && draft().isChanged}>
          <span class="pill soon">{texts().unsaved}</span>
          <button type="button" class="button" onClick={() => void load()}>
            {texts().discard}
          </button>
        </Show>
      </div>
      <Show when={draft().isLoaded}>
        <Show when={draft().held !== null}>
          <Health of={draft()} />
        </Show>
        <Show
          when={draft().kind !== null && !isChoosing()}
          fallback={<KindChoice draft={draft()} onChosen={() => setIsChoosing(false)} />}
        >
          <div class="columns connection-columns">
            <div class="stack">
              <ConnectionForm
                draft={draft()}
                onSaved={() => setSaves(saves() + 1)}
                onOtherKind={() => setIsChoosing(true)}
              />
              <Show when={draft().held !== null}>
                <TestPanel draft={draft()} saves={saves()} />
                <button type="button" class="button quiet danger remove" onClick={() => setIsRemoving(true)}>
                  {texts().remove}
                </button>
              </Show>
            </div>
            <Guide draft={draft()} />
          </div>
        </Show>
      </Show>
      <Show when={isRemoving()}>
        <ConfirmByName
          title={texts().remove}
          text={texts().removeText}
          name={name()}
          action={texts().remove}
          onConfirm={async () => {
            await draft().remove()
            setIsRemoving(false)
            showDone(texts().removed)
          }}
          onClose={() => setIsRemoving(false)}
        />
      </Show>
    </div>
  )
}

function KindChoice(props: { draft: ConnectionDraft; onChosen: () => void }) {
  const texts = usePageTexts(connectionTexts)
  return (
    <section class="stack" aria-labelledby="kind-title">
      <h2 id="kind-title">{texts().choose}</h2>
      <ul class="plain kind-list">
        <For each={connectionKinds}>
          {(kind) => (
            <li>
              <button
                type="button"
                class="kind"
                onClick={() => {
                  props.draft.choose(kind)
                  props.onChosen()
                }}
              >
                <strong>{texts().kinds[kind].name}</strong>
                <span class="soft">{texts().kinds[kind].text}</span>
              </button>
            </li>
          )}
        </For>
      </ul>
    </section>
  )
}

function ConnectionForm(props: { draft: ConnectionDraft; onSaved: () => void; onOtherKind: () => void }) {
  const texts = usePageTexts(connectionTexts)
  const form = useSubmit(async () => {
    await props.draft.save()
    showDone(texts().saved)
    props.onSaved()
  })
  const common = { draft: props.draft, errorOf: form.errorOf }
  const isConsentToCome = () => {
    const { kind, held } = props.draft
    return kind === 'consent' && !(held?.kind === 'graph' && held.application !== undefined)
  }
  return (
    <section class="card" aria-labelledby="form-title">
      <div class="title-line">
        <h2 id="form-title">{texts().kinds[props.draft.kind!].name}</h2>
        <button type="button" class="button quiet" onClick={() => props.onOtherKind()}>
          {texts().otherKind}
        </button>
      </div>
      <form class="form" onSubmit={form.submit}>
        <Switch>
          <Match when={props.draft.kind === 'consent'}>
            <ConsentForm draft={props.draft} />
            <Show when={!isConsentToCome()}>
              <PollField {...common} />
            </Show>
          </Match>
          <Match when={props.draft.kind === 'graph'}>
            <GraphForm {...common} />
          </Match>
          <Match when={props.draft.kind === 'ews'}>
            <EwsForm {...common} />
          </Match>
          <Match when={props.draft.kind === 'caldav'}>
            <CaldavForm {...common} />
          </Match>
          <Match when={props.draft.kind === 'ics'}>
            <PollField {...common} />
          </Match>
        </Switch>
        <Show when={props.draft.isMoved}>
          <Notice kind="soon">{texts().moved}</Notice>
        </Show>
        <Show when={!isConsentToCome()}>
          <FormEnd form={form} action={texts().save} isDisabled={!props.draft.isChanged} />
        </Show>
      </form>
    </section>
  )
}
