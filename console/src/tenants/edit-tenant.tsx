/** A customer is changed, or removed by its name. */
import { createSignal, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { SelectField, TextField } from '../components/text-field.tsx'
import { languages } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { tenantsTexts } from './texts.ts'

interface EditTenantProps {
  readonly of: Schemas['Tenant']
  readonly onDone: (message: string) => void
  readonly onClose: () => void
}

export function EditTenantDialog(props: EditTenantProps) {
  const texts = usePageTexts(tenantsTexts)
  const [isRemoving, setIsRemoving] = createSignal(false)
  const remove = async () => {
    const params = { path: { tenant: props.of.tenant } }
    await dataOf(api.DELETE('/v1/tenants/{tenant}', { params }))
    props.onDone(texts().removed(props.of.name))
  }
  return (
    <Show when={isRemoving()} fallback={<TenantForm {...props} onRemove={() => setIsRemoving(true)} />}>
      <ConfirmByName
        title={texts().remove(props.of.name)}
        text={texts().removeText}
        name={props.of.name}
        action={texts().removeAction}
        onConfirm={remove}
        onClose={props.onClose}
      />
    </Show>
  )
}

function TenantForm(props: EditTenantProps & { readonly onRemove: () => void }) {
  const texts = usePageTexts(tenantsTexts)
  const before = props.of
  const [name, setName] = createSignal(before.name)
  const [timeZone, setTimeZone] = createSignal(before.timeZone)
  const [language, setLanguage] = createSignal(before.language)
  const [directoryId, setDirectoryId] = createSignal(before.directoryId ?? '')
  const params = { path: { tenant: before.tenant } }
  const languageOptions = () => {
    const known = Object.entries(languages).map(([value, label]) => ({ value, label }))
    return known.some(({ value }) => value === before.language)
      ? known
      : [{ value: before.language, label: before.language }, ...known]
  }
  const form = useSubmit(async () => {
    // What the form does not show, such as office hours, stays as it is now.
    const { tenant: _, directoryId: __, ...kept } = await dataOf(api.GET('/v1/tenants/{tenant}', { params }))
    const body: Schemas['TenantPut'] = {
      ...kept,
      name: name().trim(),
      timeZone: timeZone(),
      language: language(),
      ...(directoryId().trim() !== '' && { directoryId: directoryId().trim() })
    }
    await dataOf(api.PUT('/v1/tenants/{tenant}', { params, body }))
    props.onDone(texts().saved(name().trim()))
  })
  return (
    <Dialog title={texts().edit(before.name)} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <TextField
          label={texts().name}
          value={name()}
          onInput={setName}
          error={form.errorOf('name')}
          required
        />
        <div class="side-by-side">
          <SelectField
            label={texts().timeZone}
            help={texts().timeZoneHelp}
            value={timeZone()}
            onInput={setTimeZone}
            options={[...new Set([before.timeZone, ...Intl.supportedValuesOf('timeZone')])].map((zone) => ({
              value: zone,
              label: zone
            }))}
            error={form.errorOf('timeZone')}
          />
          <SelectField
            label={texts().language}
            value={language()}
            onInput={setLanguage}
            options={languageOptions()}
            error={form.errorOf('language')}
          />
        </div>
        <TextField
          label={texts().directoryId}
          help={texts().directoryIdHelp}
          value={directoryId()}
          onInput={setDirectoryId}
          error={form.errorOf('directoryId')}
        />
        <div>
          <button type="button" class="button quiet danger" onClick={() => props.onRemove()}>
            {texts().remove(before.name)}
          </button>
        </div>
        <FormEnd form={form} action={texts().save} onCancel={props.onClose} />
      </form>
    </Dialog>
  )
}
