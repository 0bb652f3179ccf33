/** What an application of Entra signs in with: a client secret and the day on which it ends, or a certificate with its key. */
import { Show } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { SecretField } from '../../components/secret-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { connectionTexts } from '../texts.ts'
import { ExpiryField, type FormProps } from './common-fields.tsx'

/** `prefix`: where its members stand in the connection. */
export function ApplicationCredential(props: FormProps & { readonly prefix: '' | 'auth/' }) {
  const texts = usePageTexts(connectionTexts)
  const field = () => texts().fields
  const { values } = props.draft
  const named = (name: string) => `${props.prefix}${name}`
  return (
    <div class="stack">
      <Choice
        label={field().credential}
        value={values.credential}
        onChange={(value) => props.draft.set('credential', value)}
        choices={[
          { value: 'secret', label: field().clientSecret },
          { value: 'certificate', label: field().certificate }
        ]}
      />
      <Show
        when={values.credential === 'secret'}
        fallback={
          <>
            <SecretField
              held={props.draft.held}
              label={field().certificatePem}
              help={field().certificateHelp}
              isHeld={props.draft.holds(named('certificate'))}
              value={values.certificate}
              onInput={(value) => props.draft.set('certificate', value)}
              error={props.errorOf(named('certificate/certificate')) ?? props.errorOf(named('certificate'))}
              isLong
            />
            <SecretField
              held={props.draft.held}
              label={field().privateKey}
              help={field().privateKeyHelp}
              isHeld={props.draft.holds(named('certificate')) && values.certificate === ''}
              value={values.privateKey}
              onInput={(value) => props.draft.set('privateKey', value)}
              error={props.errorOf(named('certificate/privateKey'))}
              isLong
            />
          </>
        }
      >
        <div class="side-by-side">
          <SecretField
            held={props.draft.held}
            label={field().secretValue}
            help={field().secretHelp}
            isHeld={props.draft.holds(named('clientSecret'))}
            value={values.clientSecret}
            onInput={(value) => props.draft.set('clientSecret', value)}
            error={props.errorOf(named('clientSecret'))}
          />
          <ExpiryField draft={props.draft} errorOf={props.errorOf} help={field().secretExpiresHelp} />
        </div>
      </Show>
    </div>
  )
}
