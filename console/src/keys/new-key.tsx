/** A key is made: for which system or person, what it opens, and until when. */
import { createSignal, Show } from 'solid-js'
import type { Principal, Schemas } from '../api/client.ts'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { CheckField, SelectField, TextField } from '../components/text-field.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useSession } from '../session/session.tsx'
import { keysClient, type NewKey } from './keys-client.ts'
import { keysTexts } from './texts.ts'

type Role = Principal['role']

/** What this principal may make keys of. */
function rolesFor(tenant: string | null, isProvider: boolean): readonly Role[] {
  if (tenant === null) return ['provider', 'monitor']
  return ['switch', 'softphone', 'business', ...(isProvider ? (['operator'] as const) : [])]
}

export function NewKeyDialog(props: {
  tenant: string | null
  onMade: (key: NewKey) => void
  onClose: () => void
}) {
  const texts = usePageTexts(keysTexts)
  const session = useSession()
  const roles = () => rolesFor(props.tenant, session.principal()?.role === 'provider')
  const [name, setName] = createSignal('')
  const [role, setRole] = createSignal<Role>(roles()[0]!)
  const [user, setUser] = createSignal('')
  const [colleagues, setColleagues] = createSignal(false)
  const [sensitive, setSensitive] = createSignal(false)
  const [endsOn, setEndsOn] = createSignal('')

  const body = (): Schemas['KeyPost'] => ({
    name: name().trim(),
    role: role(),
    ...(role() === 'softphone' && { user: user().trim(), colleagues: colleagues() }),
    ...(role() === 'switch' && { sensitive: sensitive() }),
    ...(endsOn() !== '' && { expiresAt: `${endsOn()}T00:00:00Z` })
  })
  const form = useSubmit(async () => props.onMade(await keysClient(props.tenant).create(body())))
  return (
    <Dialog title={texts().make} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <TextField
          label={texts().name}
          help={texts().nameHelp}
          value={name()}
          onInput={setName}
          error={form.errorOf('name')}
          required
        />
        <SelectField
          label={texts().columns.role}
          value={role()}
          onInput={(value) => setRole(value as Role)}
          options={roles().map((value) => ({ value, label: texts().roles[value] }))}
          help={texts().opens[role()]}
          error={form.errorOf('role')}
        />
        <Show when={role() === 'softphone'}>
          <TextField
            label={texts().user}
            value={user()}
            onInput={setUser}
            error={form.errorOf('user')}
            required
          />
          <CheckField label={texts().colleagues} checked={colleagues()} onChange={setColleagues} />
        </Show>
        <Show when={role() === 'switch'}>
          <CheckField
            label={texts().sensitive}
            help={texts().sensitiveHelp}
            checked={sensitive()}
            onChange={setSensitive}
          />
        </Show>
        <TextField
          label={texts().endsOn}
          help={texts().endsOnHelp}
          type="date"
          value={endsOn()}
          onInput={setEndsOn}
          error={form.errorOf('expiresAt')}
        />
        <FormEnd form={form} action={texts().make} onCancel={props.onClose} />
      </form>
    </Dialog>
  )
}
