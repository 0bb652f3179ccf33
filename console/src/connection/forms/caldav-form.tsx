/** A CalDAV server: one account that reads all users, or an account in each user's mailbox. */
import { Show } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { SecretField } from '../../components/secret-field.tsx'
import { CheckField, SelectField, TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { connectionTexts } from '../texts.ts'
import { ExpiryField, type FormProps, PollField } from './common-fields.tsx'

const presets = {
  sogo: 'SOGo',
  radicale: 'Radicale',
  cyrus: 'Cyrus',
  nextcloud: 'Nextcloud',
  baikal: 'Baïkal',
  zimbra: 'Zimbra',
  kerio: 'Kerio'
}

export function CaldavForm(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  return (
    <>
      <Choice
        label={field().caldavAccess}
        value={values.caldavAccess}
        onChange={(value) => props.draft.set('caldavAccess', value)}
        choices={[
          { value: 'shared', label: field().caldavShared },
          { value: 'perUser', label: field().caldavPerUser }
        ]}
      />
      <Show when={values.caldavAccess === 'shared'}>
        <SharedAccount draft={props.draft} errorOf={props.errorOf} />
      </Show>
      <PollField draft={props.draft} errorOf={props.errorOf} />
    </>
  )
}

function SharedAccount(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  return (
    <>
      <SelectField
        label={field().preset}
        value={values.preset}
        onInput={(value) => props.draft.set('preset', value)}
        options={[
          ...Object.entries(presets).map(([value, label]) => ({ value, label })),
          { value: '', label: field().presetOther }
        ]}
        error={props.errorOf('preset')}
      />
      <div class="stack">
        <Choice
          label={field().server}
          value={values.place}
          onChange={(value) => props.draft.set('place', value)}
          choices={[
            { value: 'url', label: field().byUrl },
            { value: 'found', label: field().byDomain }
          ]}
        />
        <Show
          when={values.place === 'url'}
          fallback={
            <TextField
              label={field().domain}
              placeholder="example.se"
              value={values.domain}
              onInput={(value) => props.draft.set('domain', value)}
              error={props.errorOf('domain') ?? props.errorOf('url')}
              required
            />
          }
        >
          <TextField
            label={field().caldavUrl}
            placeholder="https://dav.example.se/"
            value={values.url}
            onInput={(value) => props.draft.set('url', value)}
            error={props.errorOf('url')}
            required
          />
        </Show>
      </div>
      <div class="side-by-side">
        <TextField
          label={field().account}
          value={values.user}
          onInput={(value) => props.draft.set('user', value)}
          error={props.errorOf('auth/user') ?? props.errorOf('auth')}
          required
        />
        <SecretField
          held={props.draft.held}
          label={field().password}
          isHeld={props.draft.holds('auth/password')}
          value={values.password}
          onInput={(value) => props.draft.set('password', value)}
          error={props.errorOf('auth/password')}
        />
        <ExpiryField draft={props.draft} errorOf={props.errorOf} />
      </div>
      <Show when={values.preset === ''}>
        <TextField
          label={field().userUrl}
          help={field().userUrlHelp}
          value={values.userUrl}
          onInput={(value) => props.draft.set('userUrl', value)}
          error={props.errorOf('userUrl')}
        />
      </Show>
      <CheckField
        label={field().freeBusyOnly}
        help={field().freeBusyOnlyHelp}
        checked={values.freeBusyOnly}
        onChange={(isChecked) => props.draft.set('freeBusyOnly', isChecked)}
      />
    </>
  )
}
