/** A consumer is added, of a kind that is chosen first, or edited; what is common to all kinds stands below what its kind asks for. */
import { createSignal, For, Match, Show, Switch } from 'solid-js'
import { createStore } from 'solid-js/store'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { Present } from '../components/present.tsx'
import { CheckField, SelectField, TextField } from '../components/text-field.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import {
  type ConsumerKind,
  type ConsumerValues,
  consumerBodyOf,
  consumerKinds,
  consumerValuesOf,
  type EditableConsumer,
  newConsumer
} from './consumer-values.ts'
import type { Consumer, ConsumersClient } from './consumers-client.ts'
import { AsteriskFields } from './forms/asterisk-fields.tsx'
import type { ConsumerFormProps } from './forms/form-props.ts'
import { SipFields } from './forms/sip-fields.tsx'
import { WebhookFields } from './forms/webhook-fields.tsx'
import { consumersTexts } from './texts.ts'

interface ConsumerDialogProps {
  readonly client: ConsumersClient
  /** Null: one is added. */
  readonly held: EditableConsumer | null
  readonly onSaved: (saved: Consumer) => void
  readonly onClose: () => void
}

export function ConsumerDialog(props: ConsumerDialogProps) {
  const texts = usePageTexts(consumersTexts)
  const [kind, setKind] = createSignal<ConsumerKind | null>(props.held?.kind ?? null)
  return (
    <Dialog title={props.held?.consumer ?? texts().add} onClose={props.onClose}>
      <Present value={kind()} fallback={<KindList onChosen={setKind} />}>
        {(kind) => <ConsumerForm {...props} kind={kind()} />}
      </Present>
    </Dialog>
  )
}

function KindList(props: { onChosen: (kind: ConsumerKind) => void }) {
  const texts = usePageTexts(consumersTexts)
  return (
    <ul class="plain kind-list">
      <For each={consumerKinds}>
        {(kind) => (
          <li>
            <button type="button" class="kind" onClick={() => props.onChosen(kind)}>
              <strong>{texts().kinds[kind].name}</strong>
              <span class="soft">{texts().kinds[kind].text}</span>
            </button>
          </li>
        )}
      </For>
    </ul>
  )
}

function ConsumerForm(props: ConsumerDialogProps & { readonly kind: ConsumerKind }) {
  const texts = usePageTexts(consumersTexts)
  const [values, setValues] = createStore<ConsumerValues>(
    props.held === null ? newConsumer(props.kind) : consumerValuesOf(props.held)
  )
  const form = useSubmit(async () => {
    props.onSaved(await props.client.put(values.id.trim(), consumerBodyOf(props.kind, values, props.held)))
  })
  const fields: ConsumerFormProps = {
    values,
    set: (name, value) => setValues({ [name]: value } as Partial<ConsumerValues>),
    errorOf: form.errorOf,
    get secrets() {
      return props.held?.secrets ?? []
    }
  }
  return (
    <form class="form" onSubmit={form.submit}>
      <Show when={props.held === null}>
        <TextField
          label={texts().fields.id}
          help={texts().fields.idHelp}
          value={values.id}
          onInput={(value) => fields.set('id', value)}
          error={form.errorOf('consumer')}
          pattern="[A-Za-z0-9][A-Za-z0-9._@+\-]{0,63}"
          required
        />
      </Show>
      <Switch>
        <Match when={props.kind === 'webhook'}>
          <WebhookFields {...fields} />
        </Match>
        <Match when={props.kind === 'sip'}>
          <SipFields {...fields} />
        </Match>
        <Match when={props.kind === 'asterisk'}>
          <AsteriskFields {...fields} />
        </Match>
      </Switch>
      <SentFields {...fields} />
      <FormEnd
        form={form}
        action={props.held === null ? texts().add : texts().save}
        onCancel={props.onClose}
      />
    </form>
  )
}

/** Whose statuses are sent, and how much of them. */
function SentFields(props: ConsumerFormProps) {
  const texts = usePageTexts(consumersTexts)
  const field = () => texts().fields
  return (
    <>
      <SelectField
        label={field().whose}
        value={props.values.whose}
        onInput={(value) => props.set('whose', value as ConsumerValues['whose'])}
        options={[
          { value: 'all', label: field().everybody },
          { value: 'some', label: field().some }
        ]}
      />
      <Show when={props.values.whose === 'some'}>
        <TextField
          label={field().extensions}
          help={field().extensionsHelp}
          value={props.values.extensions}
          onInput={(value) => props.set('extensions', value)}
          error={props.errorOf('users/extension') ?? props.errorOf('users')}
          required
        />
      </Show>
      <SelectField
        label={field().privacy}
        value={props.values.privacy}
        onInput={(value) => props.set('privacy', value as ConsumerValues['privacy'])}
        options={(['label', 'generic', 'open-closed'] as const).map((value) => ({
          value,
          label: field().privacies[value]
        }))}
      />
      <details>
        <summary>{texts().more}</summary>
        <div class="form">
          <CheckField
            label={field().sensitive}
            help={field().sensitiveHelp}
            checked={props.values.sensitive}
            onChange={(isChecked) => props.set('sensitive', isChecked)}
          />
          <TextField
            label={field().perSecond}
            help={field().perSecondHelp}
            value={props.values.perSecond}
            onInput={(value) => props.set('perSecond', value)}
            error={props.errorOf('perSecond')}
            pattern="[0-9]{1,4}(\.[0-9]+)?"
          />
        </div>
      </details>
    </>
  )
}
