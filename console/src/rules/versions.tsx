/** The versions that were saved, by whom, and the way back to one. */

import { createResource, For, Show } from 'solid-js'
import { api, dataOf } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'

/** `version`: the one that holds. */
export function Versions(props: { version: number; onRestored: () => void }) {
  const { texts } = useLanguage()
  const { tenant, when } = useTenant()
  const [versions] = createResource(
    () => ({ tenant: tenant(), version: props.version }),
    ({ tenant }) => {
      const params = { path: { tenant }, query: { limit: 20 } }
      return dataOf(api.GET('/v1/tenants/{tenant}/rules/versions', { params }))
    }
  )
  const restore = async (version: number) => {
    try {
      await dataOf(
        api.POST('/v1/tenants/{tenant}/rules/versions/{version}/restore', {
          params: { path: { tenant: tenant(), version } }
        })
      )
      showDone(texts().rules.restored(version))
      props.onRestored()
    } catch (error) {
      showFailed(texts().errors.title, error)
    }
  }
  return (
    <section class="card" aria-labelledby="versions-title">
      <h2 id="versions-title">{texts().rules.versions}</h2>
      <ol class="plain">
        <For each={versions.latest?.versions}>
          {({ version, at, by }) => (
            <li class="trigger-line">
              <span class="menu-label">
                <strong>{texts().rules.version(version)}</strong>
                <span class="help">
                  {` ${when(at)}`}
                  <Present value={by}>{(by) => ` ${texts().rules.by(by().name)}`}</Present>
                </span>
              </span>
              <Show when={version !== props.version}>
                <button type="button" class="button quiet" onClick={() => void restore(version)}>
                  {texts().rules.restore}
                </button>
              </Show>
            </li>
          )}
        </For>
      </ol>
    </section>
  )
}
