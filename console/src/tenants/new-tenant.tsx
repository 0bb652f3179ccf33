/** A customer is made: its name, its id in addresses, where its days begin, and its language. */
import { useNavigate } from '@solidjs/router'
import { createSignal } from 'solid-js'
import { api, dataOf } from '../api/client.ts'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { SelectField, TextField } from '../components/text-field.tsx'
import { languages, useLanguage } from '../i18n/language.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { tenantsTexts } from './texts.ts'

const MAX_ID = 64

export function NewTenantDialog(props: { taken: ReadonlySet<string>; onClose: () => void }) {
  const { language } = useLanguage()
  const texts = usePageTexts(tenantsTexts)
  const navigate = useNavigate()
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  const [name, setName] = createSignal('')
  /** Null: it follows the name. */
  const [ownId, setOwnId] = createSignal<string | null>(null)
  const [timeZone, setTimeZone] = createSignal(here)
  const [tenantLanguage, setTenantLanguage] = createSignal<string>(language())
  const [directoryId, setDirectoryId] = createSignal('')
  const id = () => ownId() ?? idOf(name())
  const isTaken = () => props.taken.has(id())
  const form = useSubmit(async () => {
    await dataOf(
      api.PUT('/v1/tenants/{tenant}', {
        params: { path: { tenant: id() } },
        body: {
          name: name().trim(),
          timeZone: timeZone(),
          language: tenantLanguage(),
          ...(directoryId().trim() !== '' && { directoryId: directoryId().trim() })
        }
      })
    )
    props.onClose()
    navigate(`/${encodeURIComponent(id())}/connection`)
  })
  return (
    <Dialog title={texts().make} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <TextField
          label={texts().name}
          value={name()}
          onInput={setName}
          error={form.errorOf('name')}
          required
        />
        <TextField
          label={texts().id}
          help={texts().idHelp}
          value={id()}
          onInput={setOwnId}
          error={isTaken() ? texts().taken : form.errorOf('tenant')}
          required
        />
        <div class="side-by-side">
          <SelectField
            label={texts().timeZone}
            value={timeZone()}
            onInput={setTimeZone}
            options={Intl.supportedValuesOf('timeZone').map((zone) => ({ value: zone, label: zone }))}
            error={form.errorOf('timeZone')}
          />
          <SelectField
            label={texts().language}
            value={tenantLanguage()}
            onInput={setTenantLanguage}
            options={Object.entries(languages).map(([value, label]) => ({ value, label }))}
          />
        </div>
        <TextField
          label={texts().directoryId}
          help={texts().directoryIdHelp}
          value={directoryId()}
          onInput={setDirectoryId}
          error={form.errorOf('directoryId')}
        />
        <FormEnd form={form} action={texts().make} onCancel={props.onClose} isDisabled={isTaken()} />
      </form>
    </Dialog>
  )
}

/** `Åkeri & Söner AB` becomes `akeri-soner-ab`. */
function idOf(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, MAX_ID)
}
