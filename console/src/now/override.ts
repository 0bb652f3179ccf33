/** Sets and removes what is set by hand, and offers to undo it. */
import { api, dataOf, type Schemas, type Status } from '../api/client.ts'
import { showDone, showFailed } from '../components/toasts.tsx'
import type { Texts } from '../i18n/en.ts'

interface OverrideOptions {
  readonly tenant: string
  readonly status: Pick<Status, 'user' | 'displayName'>
  readonly texts: Texts
}

type FormerOverride = Schemas['Override'] | null

/** `label`: of the diversion, for what is shown. */
export async function setOverride(
  options: OverrideOptions,
  body: Schemas['OverridePut'],
  label: string
): Promise<void> {
  const { status, texts } = options
  await change(options, texts.now.wasSet(status.displayName, label), () => put(options, body))
}

export async function removeOverride(options: OverrideOptions): Promise<void> {
  const { status, texts } = options
  await change(options, texts.now.wasRemoved(status.displayName), () => remove(options))
}

async function change(options: OverrideOptions, done: string, act: () => Promise<unknown>): Promise<void> {
  const { texts } = options
  try {
    const former = await currentOverride(options)
    await act()
    showDone(done, { label: texts.now.undo, run: () => void restore(options, former) })
  } catch (error) {
    showFailed(texts.errors.title, error)
  }
}

async function restore(options: OverrideOptions, former: FormerOverride): Promise<void> {
  try {
    if (former === null) await remove(options)
    else {
      const { diversion, until, phone } = former
      await put(options, { diversion, until, ...(phone === undefined ? {} : { phone }) })
    }
  } catch (error) {
    showFailed(options.texts.errors.title, error)
  }
}

function put({ tenant, status }: OverrideOptions, body: Schemas['OverridePut']) {
  const path = { tenant, user: status.user }
  return dataOf(api.PUT('/v1/tenants/{tenant}/users/{user}/override', { params: { path }, body }))
}

function remove({ tenant, status }: OverrideOptions) {
  const path = { tenant, user: status.user }
  return dataOf(api.DELETE('/v1/tenants/{tenant}/users/{user}/override', { params: { path } }))
}

async function currentOverride({ tenant, status }: OverrideOptions): Promise<FormerOverride> {
  const path = { tenant, user: status.user }
  const { override } = await dataOf(
    api.GET('/v1/tenants/{tenant}/users/{user}/timeline', { params: { path } })
  )
  return override
}
