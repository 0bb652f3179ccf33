/** Microsoft 365 over an application of the customer's own: its ids, and its secret or certificate. */
import { Show } from 'solid-js'
import { SelectField, TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { connectionTexts } from '../texts.ts'
import { ApplicationCredential } from './application-credential.tsx'
import { type FormProps, PollField } from './common-fields.tsx'

export function GraphForm(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  const isOwnCloud = () => values.cloud.startsWith('{')
  return (
    <>
      <TextField
        label={field().tenantId}
        help={field().tenantIdHelp}
        value={values.tenantId}
        onInput={(value) => props.draft.set('tenantId', value)}
        error={props.errorOf('tenantId')}
        required
      />
      <TextField
        label={field().clientId}
        value={values.clientId}
        onInput={(value) => props.draft.set('clientId', value)}
        error={props.errorOf('clientId')}
        required
      />
      <ApplicationCredential draft={props.draft} errorOf={props.errorOf} prefix="" />
      <div class="side-by-side">
        <Show
          when={!isOwnCloud()}
          fallback={<TextField label={field().cloud} value={values.cloud} onInput={() => {}} disabled />}
        >
          <SelectField
            label={field().cloud}
            value={values.cloud}
            onInput={(value) => props.draft.set('cloud', value)}
            options={Object.entries(field().clouds).map(([value, label]) => ({ value, label }))}
            error={props.errorOf('cloud')}
          />
        </Show>
        <PollField draft={props.draft} errorOf={props.errorOf} />
      </div>
    </>
  )
}
