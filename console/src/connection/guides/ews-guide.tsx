/** How a customer lets a service account read the calendars of Exchange on their own premises, 2007 included. */
import { createSignal, Match, Show, Switch } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import {
  ewsAddressCommand,
  fullAccessCommands2007,
  impersonationCommands,
  impersonationCommands2007,
  reviewerCommands
} from '../commands.ts'
import type { ConnectionDraft } from '../connection-draft.ts'
import { connectionTexts } from '../texts.ts'
import { GuideStep } from './guide-step.tsx'

export function EwsGuide(props: { draft: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  const guide = () => texts().guide.ews
  const { values } = props.draft
  return (
    <>
      <Show
        when={values.signIn !== 'oauth'}
        fallback={<GuideStep title={guide().allow} text={guide().oauthText} />}
      >
        <GuideStep title={guide().account} text={guide().accountText} />
        <GuideStep title={guide().allow}>
          <Rights draft={props.draft} />
        </GuideStep>
      </Show>
      <GuideStep title={guide().address} text={guide().addressText}>
        <CopyText text={ewsAddressCommand} label={texts().guide.copyCommands} />
      </GuideStep>
    </>
  )
}

function Rights(props: { draft: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  const guide = () => texts().guide.ews
  const { values } = props.draft
  const [version, setVersion] = createSignal<'2010' | '2007'>(
    values.version === 'Exchange2007_SP1' ? '2007' : '2010'
  )
  const [group, setGroup] = createSignal('Hanvisa users')
  const account = () => values.user.trim() || `<${texts().fields.account}>`
  const isImpersonation = () => values.access === 'impersonation'
  return (
    <>
      <Choice
        label={guide().whichExchange}
        value={version()}
        onChange={setVersion}
        choices={[
          { value: '2010', label: guide().exchange2010 },
          { value: '2007', label: guide().exchange2007 }
        ]}
      />
      <Switch>
        <Match when={version() === '2010' && !isImpersonation()}>
          <p>{guide().reviewerText}</p>
          <CopyText text={reviewerCommands(account())} label={texts().guide.copyCommands} />
        </Match>
        <Match when={version() === '2010'}>
          <p>{guide().impersonationText}</p>
          <TextField label={texts().guide.graph.group} value={group()} onInput={setGroup} />
          <CopyText text={impersonationCommands(account(), group())} label={texts().guide.copyCommands} />
        </Match>
        <Match when={!isImpersonation()}>
          <p>{guide().fullAccess2007Text}</p>
          <CopyText text={fullAccessCommands2007(account())} label={texts().guide.copyCommands} />
        </Match>
        <Match when={true}>
          <p>{guide().impersonation2007Text}</p>
          <CopyText text={impersonationCommands2007(account())} label={texts().guide.copyCommands} />
        </Match>
      </Switch>
    </>
  )
}
