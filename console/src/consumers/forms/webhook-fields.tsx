/** What a webhook asks for: where statuses are posted, and the secret that signs them. */
import { Show } from 'solid-js'
import { SecretField } from '../../components/secret-field.tsx'
import { SelectField, TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { consumersTexts } from '../texts.ts'
import type { ConsumerFormProps } from './form-props.ts'

export function WebhookFields(props: ConsumerFormProps) {
  const texts = usePageTexts(consumersTexts)
  const field = () => texts().fields
  const isHeld = () => props.secrets.includes('secret')
  return (
    <>
      <TextField
        label={field().url}
        help={field().urlHelp}
        value={props.values.url}
        onInput={(value) => props.set('url', value)}
        error={props.errorOf('url')}
        placeholder="https://pbx.example.se/hanvisa"
        required
      />
      <SecretField
        label={field().secret}
        help={field().secretHelp}
        isHeld={isHeld()}
        value={props.values.secret}
        onInput={(value) => props.set('secret', value)}
        error={props.errorOf('secret')}
      />
      <Show when={isHeld() && (props.values.secret !== '' || props.values.previousSecret !== '')}>
        <TextField
          label={field().previousSecret}
          help={field().previousSecretHelp}
          type="password"
          value={props.values.previousSecret}
          onInput={(value) => props.set('previousSecret', value)}
          error={props.errorOf('previousSecret')}
        />
      </Show>
      <SelectField
        label={field().detail}
        value={props.values.detail}
        onInput={(value) => props.set('detail', value as typeof props.values.detail)}
        options={(['full', 'thin'] as const).map((value) => ({ value, label: field().details[value] }))}
      />
    </>
  )
}
