/** The office hours of a customer: the week, holidays, days of its own, and what holds outside them. */
import { createResource, createSignal, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { Present } from '../components/present.tsx'
import { showDone } from '../components/toasts.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { HoursForm } from './hours-form.tsx'
import type { OfficeHours } from './hours-values.ts'
import { hoursTexts } from './texts.ts'

export default function Hours() {
  const texts = usePageTexts(hoursTexts)
  const { tenant, name } = useTenant()
  const path = () => ({ tenant: tenant() })
  const read = (path: { tenant: string }) => dataOf(api.GET('/v1/tenants/{tenant}', { params: { path } }))
  const [held, { mutate }] = createResource(path, read)
  const [isRemoving, setIsRemoving] = createSignal(false)
  /** What somebody else changed of the customer meanwhile stays. */
  const save = async (officeHours: OfficeHours | null) => {
    const { tenant: _, officeHours: __, ...rest } = await read(path())
    const body: Schemas['TenantPut'] = { ...rest, officeHours }
    mutate(await dataOf(api.PUT('/v1/tenants/{tenant}', { params: { path: path() }, body })))
    showDone(officeHours === null ? texts().removed : texts().saved)
  }
  return (
    <div class="page">
      <h1>{texts().title}</h1>
      <p class="help">{texts().lead}</p>
      <Present value={held.latest}>
        {(held) => (
          <>
            <Show when={held().officeHours === undefined}>
              <p class="help">{texts().none}</p>
            </Show>
            <HoursForm held={held().officeHours ?? null} onSave={save} />
            <Show when={held().officeHours !== undefined}>
              <div>
                <button type="button" class="button quiet danger" onClick={() => setIsRemoving(true)}>
                  {texts().remove}
                </button>
              </div>
            </Show>
          </>
        )}
      </Present>
      <Show when={isRemoving()}>
        <ConfirmByName
          title={texts().remove}
          text={texts().removeText}
          name={name()}
          action={texts().remove}
          onConfirm={async () => {
            await save(null)
            setIsRemoving(false)
          }}
          onClose={() => setIsRemoving(false)}
        />
      </Show>
    </div>
  )
}
