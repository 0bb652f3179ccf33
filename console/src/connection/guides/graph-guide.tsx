/** How a customer registers an application in Entra and lets it read all mailboxes, or those of a group alone. */

import ExternalLink from 'lucide-solid/icons/external-link'
import { createSignal, Show } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { Present } from '../../components/present.tsx'
import { TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { adminConsentUrl, rbacCommands } from '../commands.ts'
import type { ConnectionDraft } from '../connection-draft.ts'
import { connectionTexts } from '../texts.ts'
import { GuideStep } from './guide-step.tsx'

const ENTRA = 'https://entra.microsoft.com/'

export function GraphGuide(props: { draft: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  const guide = () => texts().guide.graph
  const [which, setWhich] = createSignal<'all' | 'some'>('all')
  return (
    <>
      <GuideStep title={guide().register} text={guide().registerText}>
        <a class="button" href={ENTRA} target="_blank" rel="noreferrer">
          {texts().guide.openEntra}
          <ExternalLink size={14} aria-hidden="true" />
        </a>
      </GuideStep>
      <GuideStep title={guide().credential} text={guide().credentialText} />
      <GuideStep title={guide().allow}>
        <Choice
          label={guide().which}
          value={which()}
          onChange={setWhich}
          choices={[
            { value: 'all', label: guide().all },
            { value: 'some', label: guide().some }
          ]}
        />
        <Show when={which() === 'all'} fallback={<SomeMailboxes draft={props.draft} />}>
          <AllMailboxes draft={props.draft} />
        </Show>
      </GuideStep>
    </>
  )
}

function AllMailboxes(props: { draft: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  const guide = () => texts().guide.graph
  const url = () => {
    const { cloud, tenantId, clientId } = props.draft.values
    return adminConsentUrl(cloud, tenantId, clientId)
  }
  return (
    <>
      <p>{guide().allText}</p>
      <Present
        value={url()}
        fallback={
          <div class="inline">
            <button type="button" class="button" disabled>
              {guide().adminConsent}
            </button>
            <span class="help">{guide().idsFirst}</span>
          </div>
        }
      >
        {(url) => (
          <a class="button" href={url()} target="_blank" rel="noreferrer">
            {guide().adminConsent}
            <ExternalLink size={14} aria-hidden="true" />
          </a>
        )}
      </Present>
      <p class="help">{guide().noReplyAddress}</p>
    </>
  )
}

function SomeMailboxes(props: { draft: ConnectionDraft }) {
  const texts = usePageTexts(connectionTexts)
  const guide = () => texts().guide.graph
  const [objectId, setObjectId] = createSignal('')
  const [group, setGroup] = createSignal('Hanvisa users')
  const [member, setMember] = createSignal('')
  const [outsider, setOutsider] = createSignal('')
  const commands = () =>
    rbacCommands(
      {
        clientId: props.draft.values.clientId.trim() || `<${texts().fields.clientId}>`,
        objectId: objectId().trim() || `<${guide().objectId}>`
      },
      {
        group: group(),
        member: member().trim() || `<${guide().member}>`,
        outsider: outsider().trim() || `<${guide().outsider}>`
      }
    )
  return (
    <>
      <p>{guide().someText}</p>
      <div class="side-by-side">
        <TextField label={guide().objectId} value={objectId()} onInput={setObjectId} />
        <TextField label={guide().group} value={group()} onInput={setGroup} />
        <TextField label={guide().member} value={member()} onInput={setMember} />
        <TextField label={guide().outsider} value={outsider()} onInput={setOutsider} />
      </div>
      <CopyText text={commands()} label={texts().guide.copyCommands} />
      <p class="help">{guide().prove}</p>
    </>
  )
}
