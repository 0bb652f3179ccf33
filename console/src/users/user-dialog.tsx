/** A user is added, edited, or removed by name. */

import { createSignal, Show } from 'solid-js'
import { ApiError, api, dataOf, type Schemas } from '../api/client.ts'
import { ConfirmByName } from '../components/confirm-by-name.tsx'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { Present } from '../components/present.tsx'
import { CheckField, TextField } from '../components/text-field.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTenant } from '../shell/tenant.tsx'
import { usersTexts } from './texts.ts'
import type { User } from './users-client.ts'

interface UserDialogProps {
  /** Null: a new one. */
  readonly of: User | null
  readonly onSaved: (message: string) => void
  readonly onClose: () => void
}

export function UserDialog(props: UserDialogProps) {
  const texts = usePageTexts(usersTexts)
  const { tenant } = useTenant()
  const [isRemoving, setIsRemoving] = createSignal(false)
  const remove = async (user: User) => {
    const params = { path: { tenant: tenant(), user: user.user } }
    await dataOf(api.DELETE('/v1/tenants/{tenant}/users/{user}', { params }))
    props.onSaved(texts().wasRemoved(user.displayName))
  }
  return (
    <Present
      value={isRemoving() && props.of}
      fallback={<UserForm {...props} onRemove={() => setIsRemoving(true)} />}
    >
      {(user) => (
        <ConfirmByName
          title={texts().remove(user().displayName)}
          text={texts().removeText}
          name={user().displayName}
          action={texts().removeAction}
          onConfirm={() => remove(user())}
          onClose={props.onClose}
        />
      )}
    </Present>
  )
}

function UserForm(props: UserDialogProps & { onRemove: () => void }) {
  const texts = usePageTexts(usersTexts)
  const { tenant } = useTenant()
  const before = props.of
  const [id, setId] = createSignal(before?.user ?? '')
  const [displayName, setDisplayName] = createSignal(before?.displayName ?? '')
  const [extension, setExtension] = createSignal(before?.extension ?? '')
  const [numbers, setNumbers] = createSignal((before?.numbers ?? []).join(' '))
  const [mailbox, setMailbox] = createSignal(before?.mailbox ?? '')
  const [owner, setOwner] = createSignal(before?.owner ?? '')
  const [timeZone, setTimeZone] = createSignal(before?.timeZone ?? '')
  const [syncEnabled, setSyncEnabled] = createSignal(before?.syncEnabled ?? true)
  const [isTaken, setIsTaken] = createSignal(false)

  const orNull = (text: string) => (text.trim() === '' ? null : text.trim())
  const body = (): Schemas['UserPut'] => ({
    displayName: displayName().trim(),
    extension: extension().trim(),
    numbers: numbers().trim() === '' ? [] : numbers().trim().split(/\s+/),
    mailbox: orNull(mailbox()),
    owner: orNull(owner()),
    timeZone: orNull(timeZone()),
    syncEnabled: syncEnabled()
  })
  const form = useSubmit(async () => {
    const user = id().trim()
    const params = { path: { tenant: tenant(), user } }
    if (before === null) {
      setIsTaken(await exists(tenant(), user))
      if (isTaken()) return
      await dataOf(api.PUT('/v1/tenants/{tenant}/users/{user}', { params, body: body() }))
      props.onSaved(texts().wasAdded(displayName()))
    } else {
      await dataOf(api.PATCH('/v1/tenants/{tenant}/users/{user}', { params, body: body() }))
      props.onSaved(texts().wasSaved(displayName()))
    }
  })
  return (
    <Dialog title={before === null ? texts().add : texts().edit(before.displayName)} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <div class="side-by-side">
          <TextField
            label={texts().fields.displayName}
            value={displayName()}
            onInput={setDisplayName}
            error={form.errorOf('displayName')}
            required
          />
          <TextField
            label={texts().fields.extension}
            value={extension()}
            onInput={setExtension}
            error={form.errorOf('extension')}
            required
          />
        </div>
        <TextField
          label={texts().fields.id}
          help={texts().fields.idHelp}
          value={id()}
          onInput={setId}
          error={isTaken() ? texts().taken : form.errorOf('user')}
          disabled={before !== null}
          required
        />
        <TextField
          label={texts().fields.mailbox}
          help={texts().fields.mailboxHelp}
          value={mailbox()}
          onInput={setMailbox}
          error={form.errorOf('mailbox')}
        />
        <CheckField label={texts().fields.syncEnabled} checked={syncEnabled()} onChange={setSyncEnabled} />
        <TextField
          label={texts().fields.numbers}
          help={texts().fields.numbersHelp}
          value={numbers()}
          onInput={setNumbers}
          error={form.errorOf('numbers/0') ?? form.errorOf('numbers')}
        />
        <details open={owner() !== '' || timeZone() !== ''}>
          <summary>{texts().more}</summary>
          <div class="side-by-side">
            <TextField
              label={texts().fields.owner}
              help={texts().fields.ownerHelp}
              value={owner()}
              onInput={setOwner}
              error={form.errorOf('owner')}
            />
            <TextField
              label={texts().fields.timeZone}
              help={texts().fields.timeZoneHelp}
              placeholder="Europe/Helsinki"
              value={timeZone()}
              onInput={setTimeZone}
              error={form.errorOf('timeZone')}
            />
          </div>
        </details>
        <FormEnd form={form} action={before === null ? texts().add : texts().save} onCancel={props.onClose} />
        <Show when={before}>
          <button type="button" class="button quiet danger remove-user" onClick={() => props.onRemove()}>
            {texts().removeAction}
          </button>
        </Show>
      </form>
    </Dialog>
  )
}

async function exists(tenant: string, user: string): Promise<boolean> {
  try {
    await dataOf(api.GET('/v1/tenants/{tenant}/users/{user}', { params: { path: { tenant, user } } }))
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false
    throw error
  }
}
