/** The difference on real life: the coming week by the edited rules against what holds, read in memory and kept nowhere. */

import { createSignal, For, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { type Change, compareTimelines } from './compare-timelines.ts'
import type { RulesDraft } from './draft.ts'

interface PersonEffect {
  readonly name: string
  readonly changes: readonly Change[]
}

const WEEK_MS = 7 * 86_400_000
/** At a time: each reads one calendar. */
const PARALLEL = 4
/** Changes of one person that are shown. */
const SHOWN = 3

export function Effect(props: { draft: RulesDraft }) {
  const { texts } = useLanguage()
  const { tenant, live, labelOf, when, now } = useTenant()
  const [progress, setProgress] = createSignal<{ readonly done: number; readonly all: number } | null>(null)
  const [effects, setEffects] = createSignal<readonly PersonEffect[] | null>(null)
  const [unread, setUnread] = createSignal(0)

  async function compare(): Promise<void> {
    const users = [...(live()?.all().values() ?? [])]
    const rules = props.draft.body()
    const found: PersonEffect[] = []
    let done = 0
    let failed = 0
    setEffects(null)
    setProgress({ done, all: users.length })
    const queue = users.values()
    const work = async () => {
      for (const { user, displayName } of queue) {
        try {
          const changes = await changesOf(user, rules)
          if (changes.length > 0) found.push({ name: displayName, changes })
        } catch {
          failed++
        }
        setProgress({ done: ++done, all: users.length })
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, work))
    setEffects(found.sort((one, other) => one.name.localeCompare(other.name)))
    setUnread(failed)
    setProgress(null)
  }

  async function changesOf(user: string, rules: Schemas['RulesBody']): Promise<readonly Change[]> {
    const path = { tenant: tenant(), user }
    const [former, preview] = await Promise.all([
      dataOf(api.GET('/v1/tenants/{tenant}/users/{user}/timeline', { params: { path } })),
      dataOf(
        api.POST('/v1/tenants/{tenant}/rules/preview', {
          params: { path: { tenant: tenant() } },
          body: { rules, user }
        })
      )
    ])
    return compareTimelines(former.intervals, preview.timeline, { from: now(), until: now() + WEEK_MS })
  }

  return (
    <section class="card" aria-labelledby="effect-title">
      <div class="title-line">
        <h2 id="effect-title">{texts().rules.effect}</h2>
        <button
          type="button"
          class="button"
          disabled={progress() !== null || !props.draft.isChanged}
          onClick={() => void compare()}
        >
          {texts().rules.effectRun}
        </button>
      </div>
      <p class="help">{texts().rules.effectHelp}</p>
      <Present value={progress()}>
        {(read) => <progress value={read().done} max={read().all} aria-label={texts().rules.effect} />}
      </Present>
      <div aria-live="polite">
        <Present value={effects()}>
          {(effects) => (
            <>
              <p>
                <strong>
                  {effects().length === 0
                    ? texts().rules.effectNone
                    : texts().rules.effectTotal(effects().length, live()?.all().size ?? 0)}
                </strong>
              </p>
              <Show when={unread() > 0}>
                <p class="help">{`${texts().sync.failed}: ${unread()}`}</p>
              </Show>
              <ul class="plain stack scroll">
                <For each={effects()}>
                  {({ name, changes }) => (
                    <li>
                      <strong dir="auto">{name}</strong>
                      <For each={changes.slice(0, SHOWN)}>
                        {({ start, former, next }) => (
                          <p class="change">
                            <span class="help">{when(start)}</span>
                            <del>{labelOf(former ?? 'available')}</del>
                            <span aria-hidden="true">→</span>
                            <ins>{labelOf(next ?? 'available')}</ins>
                          </p>
                        )}
                      </For>
                      <Show when={changes.length > SHOWN}>
                        <span class="help">{`+ ${changes.length - SHOWN}`}</span>
                      </Show>
                    </li>
                  )}
                </For>
              </ul>
            </>
          )}
        </Present>
      </div>
    </section>
  )
}
