/** What a presence server asks for: the proxy, the users' addresses and the account that publishes. */
import { SecretField } from '../../components/secret-field.tsx'
import { SelectField, TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { consumersTexts } from '../texts.ts'
import { CaField } from './ca-field.tsx'
import type { ConsumerFormProps } from './form-props.ts'
import { PartsField } from './parts-field.tsx'

export function SipFields(props: ConsumerFormProps) {
  const texts = usePageTexts(consumersTexts)
  const field = () => texts().fields
  return (
    <>
      <TextField
        label={field().proxy}
        help={field().proxyHelp}
        value={props.values.proxy}
        onInput={(value) => props.set('proxy', value)}
        error={props.errorOf('proxy')}
        placeholder="sips:sip.example.se"
        required
      />
      <div class="side-by-side">
        <TextField
          label={field().domain}
          help={field().domainHelp}
          value={props.values.domain}
          onInput={(value) => props.set('domain', value)}
          error={props.errorOf('domain')}
          required
        />
        <TextField
          label={field().user}
          help={field().userHelp}
          value={props.values.user}
          onInput={(value) => props.set('user', value)}
          error={props.errorOf('user')}
          required
        />
      </div>
      <TextField
        label={field().account}
        help={field().sipAccountHelp}
        value={props.values.account}
        onInput={(value) => props.set('account', value)}
        error={props.errorOf('auth/user')}
      />
      <SecretField
        label={field().password}
        isHeld={props.secrets.includes('auth/password')}
        value={props.values.password}
        onInput={(value) => props.set('password', value)}
        error={props.errorOf('auth/password')}
      />
      <PartsField {...props} kind="sip" label={field().publish} error={props.errorOf('publish')} />
      <details>
        <summary>{texts().moreSip}</summary>
        <div class="form">
          <SelectField
            label={field().identity}
            value={props.values.identity}
            onInput={(value) => props.set('identity', value as typeof props.values.identity)}
            options={(['service', 'presentity'] as const).map((value) => ({
              value,
              label: field().identities[value]
            }))}
          />
          <SelectField
            label={field().basic}
            value={props.values.basic}
            onInput={(value) => props.set('basic', value as typeof props.values.basic)}
            options={(['phone', 'open'] as const).map((value) => ({ value, label: field().basics[value] }))}
          />
          <TextField
            label={field().expires}
            help={field().expiresHelp}
            type="number"
            value={props.values.expires}
            onInput={(value) => props.set('expires', value)}
            error={props.errorOf('expires')}
            required
          />
          <CaField {...props} />
        </div>
      </details>
    </>
  )
}
