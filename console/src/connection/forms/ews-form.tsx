/** Exchange on the customer's own premises: where it is, and how the service account signs in and reads. */
import { Show } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { SecretField } from '../../components/secret-field.tsx'
import { SelectField, TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import type { ConnectionValues } from '../connection-values.ts'
import { connectionTexts } from '../texts.ts'
import { ApplicationCredential } from './application-credential.tsx'
import { ExpiryField, type FormProps, PollField } from './common-fields.tsx'

const versions = [
  'Exchange2007_SP1',
  'Exchange2010',
  'Exchange2010_SP1',
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2016'
]

export function EwsForm(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  const isApplication = () => values.signIn === 'oauth'
  return (
    <>
      <EwsPlace draft={props.draft} errorOf={props.errorOf} />
      <SelectField
        label={field().signIn}
        value={values.signIn}
        onInput={(value) => props.draft.set('signIn', value as ConnectionValues['signIn'])}
        options={Object.entries(field().signIns).map(([value, label]) => ({ value, label }))}
        error={props.errorOf('auth/kind')}
      />
      <Show when={isApplication()} fallback={<EwsAccount draft={props.draft} errorOf={props.errorOf} />}>
        <div class="side-by-side">
          <TextField
            label={field().tenantId}
            value={values.tenantId}
            onInput={(value) => props.draft.set('tenantId', value)}
            error={props.errorOf('auth/tenantId')}
            required
          />
          <TextField
            label={field().clientId}
            value={values.clientId}
            onInput={(value) => props.draft.set('clientId', value)}
            error={props.errorOf('auth/clientId')}
            required
          />
        </div>
        <ApplicationCredential draft={props.draft} errorOf={props.errorOf} prefix="auth/" />
      </Show>
      <Show when={!isApplication()}>
        <SelectField
          label={field().access}
          value={values.access}
          onInput={(value) => props.draft.set('access', value as ConnectionValues['access'])}
          options={Object.entries(field().accesses).map(([value, label]) => ({ value, label }))}
          help={field().accessHelp[values.access]}
          error={props.errorOf('access')}
        />
      </Show>
      <details open={values.ca !== '' || props.errorOf('ca') !== undefined}>
        <summary>{texts().more}</summary>
        <div class="form">
          <div class="side-by-side">
            <SelectField
              label={field().version}
              value={values.version}
              onInput={(value) => props.draft.set('version', value)}
              options={[
                { value: 'auto', label: field().versionAuto },
                ...versions.map((value) => ({
                  value,
                  label: value.replace('_', ' ').replace('Exchange', '')
                }))
              ]}
              error={props.errorOf('version')}
            />
            <PollField draft={props.draft} errorOf={props.errorOf} />
          </div>
          <TextField
            label={field().ca}
            help={field().caHelp}
            isLong
            value={values.ca}
            onInput={(value) => props.draft.set('ca', value)}
            error={props.errorOf('ca')}
          />
        </div>
      </details>
    </>
  )
}

function EwsPlace(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  return (
    <div class="stack">
      <Choice
        label={field().server}
        value={values.place}
        onChange={(value) => props.draft.set('place', value)}
        choices={[
          { value: 'url', label: field().byUrl },
          { value: 'found', label: field().byAutodiscover }
        ]}
      />
      <Show
        when={values.place === 'url'}
        fallback={
          <TextField
            label={field().autodiscover}
            help={field().autodiscoverHelp}
            value={values.autodiscover}
            onInput={(value) => props.draft.set('autodiscover', value)}
            error={props.errorOf('autodiscover') ?? props.errorOf('url')}
            required
          />
        }
      >
        <TextField
          label={field().ewsUrl}
          help={field().ewsUrlHelp}
          placeholder="https://mail.example.se/EWS/Exchange.asmx"
          value={values.url}
          onInput={(value) => props.draft.set('url', value)}
          error={props.errorOf('url')}
          required
        />
      </Show>
    </div>
  )
}

function EwsAccount(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  return (
    <div class="side-by-side">
      <TextField
        label={field().account}
        help={field().accountHelp}
        value={values.user}
        onInput={(value) => props.draft.set('user', value)}
        error={props.errorOf('auth/user')}
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
  )
}
