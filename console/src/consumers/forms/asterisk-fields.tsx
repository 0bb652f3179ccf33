/** What an Asterisk asks for: its Manager Interface, the account there, and what is set. */
import { Show } from 'solid-js'
import { Notice } from '../../components/notice.tsx'
import { SecretField } from '../../components/secret-field.tsx'
import { CheckField, SelectField, TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { consumersTexts } from '../texts.ts'
import { CaField } from './ca-field.tsx'
import type { ConsumerFormProps } from './form-props.ts'
import { PartsField } from './parts-field.tsx'
import { PresenceMap } from './presence-map.tsx'

export function AsteriskFields(props: ConsumerFormProps) {
  const texts = usePageTexts(consumersTexts)
  const field = () => texts().fields
  const setTls = (tls: boolean) => {
    props.set('tls', tls)
    // The usual port of the other way would not answer.
    if (props.values.port === (tls ? '5038' : '5039')) props.set('port', '')
  }
  return (
    <>
      <div class="side-by-side">
        <TextField
          label={field().host}
          value={props.values.host}
          onInput={(value) => props.set('host', value)}
          error={props.errorOf('host')}
          placeholder="10.0.0.5"
          required
        />
        <TextField
          label={field().port}
          help={field().portHelp}
          type="number"
          value={props.values.port}
          onInput={(value) => props.set('port', value)}
          error={props.errorOf('port')}
        />
      </div>
      <CheckField label={field().tls} checked={props.values.tls} onChange={setTls} />
      <Show when={!props.values.tls}>
        <Notice kind="soon">{field().noTls}</Notice>
      </Show>
      <TextField
        label={field().account}
        help={field().asteriskAccountHelp}
        value={props.values.account}
        onInput={(value) => props.set('account', value)}
        error={props.errorOf('auth/user')}
        required
      />
      <SecretField
        label={field().password}
        isHeld={props.secrets.includes('auth/secret')}
        value={props.values.password}
        onInput={(value) => props.set('password', value)}
        error={props.errorOf('auth/secret')}
      />
      <SelectField
        label={field().flavour}
        value={props.values.flavour}
        onInput={(value) => props.set('flavour', value as typeof props.values.flavour)}
        options={[
          { value: 'plain', label: 'Asterisk' },
          { value: 'freepbx', label: 'FreePBX' }
        ]}
      />
      <Show when={props.values.flavour === 'freepbx'}>
        <TextField
          label={field().forwardTo}
          help={field().forwardToHelp}
          value={props.values.forwardTo}
          onInput={(value) => props.set('forwardTo', value)}
          error={props.errorOf('forwardTo')}
          placeholder="*239{extension}"
        />
      </Show>
      <PartsField {...props} kind="asterisk" label={field().set} error={props.errorOf('set')} />
      <details>
        <summary>{texts().moreAsterisk}</summary>
        <div class="form">
          <PresenceMap map={props.values.map} onChange={(map) => props.set('map', map)} />
          <CaField {...props} />
        </div>
      </details>
    </>
  )
}
