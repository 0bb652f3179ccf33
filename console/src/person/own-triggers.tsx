/** The words that one person writes in the calendar: added and removed one at a time. */
import Plus from 'lucide-solid/icons/plus'
import X from 'lucide-solid/icons/x'
import { createResource, For, Show } from 'solid-js'
import { api, dataOf, type Trigger } from '../api/client.ts'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'

export function OwnTriggers(props: { user: string }) {
  const { texts } = useLanguage()
  const { tenant, diversions, labelOf } = useTenant()
  const path = () => ({ tenant: tenant(), user: props.user })
  const [triggers, { refetch }] = createResource(path, (path) =>
    dataOf(api.GET('/v1/tenants/{tenant}/users/{user}/triggers', { params: { path } }))
  )

  const put = ({ match, text, ...body }: Trigger) =>
    dataOf(
      api.PUT('/v1/tenants/{tenant}/users/{user}/triggers/{match}/{text}', {
        params: { path: { ...path(), match, text } },
        body
      })
    )
  const attempt = async (act: () => Promise<unknown>): Promise<boolean> => {
    try {
      await act()
      await refetch()
      return true
    } catch (error) {
      showFailed(texts().errors.title, error)
      return false
    }
  }
  const add = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const data = new FormData(form)
    const trigger: Trigger = {
      match: 'word',
      text: String(data.get('text')).trim(),
      diversion: String(data.get('diversion'))
    }
    if (await attempt(() => put(trigger))) form.reset()
  }
  const remove = async (trigger: Trigger) => {
    const { match, text } = trigger
    const params = { path: { ...path(), match, text } }
    const isRemoved = await attempt(() =>
      dataOf(api.DELETE('/v1/tenants/{tenant}/users/{user}/triggers/{match}/{text}', { params }))
    )
    if (!isRemoved) return
    const undo = { label: texts().now.undo, run: () => void attempt(() => put(trigger)) }
    showDone(texts().person.removeTrigger(text), undo)
  }

  return (
    <section class="card" aria-labelledby="triggers-title">
      <h2 id="triggers-title">{texts().person.triggers}</h2>
      <p class="help">{texts().person.triggersHelp}</p>
      <Show
        when={(triggers.latest?.triggers.length ?? 0) > 0}
        fallback={<p class="help">{texts().person.noTriggers}</p>}
      >
        <ul class="plain">
          <For each={triggers.latest?.triggers}>
            {(trigger) => (
              <li class="trigger-line">
                <kbd>{trigger.text}</kbd>
                <span class="menu-label" dir="auto">
                  {labelOf(trigger.diversion)}
                </span>
                <button
                  type="button"
                  class="button quiet icon-only"
                  aria-label={texts().person.removeTrigger(trigger.text)}
                  onClick={() => void remove(trigger)}
                >
                  <X size={16} aria-hidden="true" />
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <form class="inline" onSubmit={add}>
        <label class="field">
          <span>{texts().person.word}</span>
          <input name="text" required maxlength={200} autocomplete="off" />
        </label>
        <label class="field">
          <span>{texts().person.gives}</span>
          <select name="diversion">
            <For each={diversions()}>{({ code }) => <option value={code}>{labelOf(code)}</option>}</For>
          </select>
        </label>
        <button type="submit" class="button">
          <Plus size={16} aria-hidden="true" />
          {texts().person.add}
        </button>
      </form>
    </section>
  )
}
