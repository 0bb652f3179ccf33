/** Tries a subject against the rules as they are being edited, and tells which trigger takes it. */

import { createEffect, createSignal, on, onCleanup } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { DiversionMark } from '../components/diversion-mark.tsx'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { type RulesDraft, TYPING_MS } from './draft.ts'

type Decision = Schemas['Preview']['decisions'][number]

export function TryLine(props: { draft: RulesDraft; onTaken: (trigger: number | null) => void }) {
  const { texts } = useLanguage()
  const { tenant, labelOf, now } = useTenant()
  const [subject, setSubject] = createSignal('')
  const [decision, setDecision] = createSignal<Decision | null>(null)
  let round = 0

  createEffect(
    on([subject, () => props.draft.triggers, () => props.draft.availability], () => {
      const timer = setTimeout(() => void ask(), TYPING_MS)
      onCleanup(() => clearTimeout(timer))
    })
  )
  async function ask(): Promise<void> {
    const mine = ++round
    const text = subject().trim()
    if (text === '') return show(null)
    const event = {
      subject: text,
      start: new Date(now()).toISOString(),
      end: new Date(now() + 3_600_000).toISOString()
    }
    const answer = await dataOf(
      api.POST('/v1/tenants/{tenant}/rules/preview', {
        params: { path: { tenant: tenant() } },
        body: { rules: props.draft.body(), events: [event] }
      })
    ).catch(() => null)
    if (mine === round) show(answer?.decisions[0] ?? null)
  }
  function show(found: Decision | null): void {
    setDecision(found)
    const rule = found?.rule
    const index =
      rule != null && 'text' in rule
        ? props.draft.triggers.findIndex(({ match, text }) => match === rule.match && text === rule.text)
        : -1
    props.onTaken(index === -1 ? null : index)
  }

  return (
    <section class="card try" aria-labelledby="try-title">
      <h2 id="try-title">{texts().rules.tryIt}</h2>
      <label class="field grow">
        <span class="visually-hidden">{texts().rules.trySubject}</span>
        <input
          value={subject()}
          placeholder={`${texts().rules.trySubject}: ${texts().rules.tryExample}`}
          autocomplete="off"
          maxlength={255}
          onInput={(event) => setSubject(event.currentTarget.value)}
        />
      </label>
      <output class="try-answer">
        <Present value={decision()}>
          {(decision) => (
            <Present
              value={decision().diversion}
              fallback={<span class="help">{texts().rules.tryNothing}</span>}
            >
              {(code) => (
                <>
                  <DiversionMark meaning={phoneOf(code())} label={labelOf(code())} />
                  <span class="help" dir="auto">
                    {decision().because}
                  </span>
                </>
              )}
            </Present>
          )}
        </Present>
      </output>
    </section>
  )

  function phoneOf(code: string): 'open' | 'closed' {
    return props.draft.diversions.find((one) => one.code === code)?.phone ?? 'closed'
  }
}
