/** Which of several things a switch is told; at least one. */
import { For } from 'solid-js'
import { Present } from '../../components/present.tsx'
import { CheckField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { partsOf } from '../consumer-values.ts'
import { consumersTexts } from '../texts.ts'
import type { ConsumerFormProps } from './form-props.ts'

export function PartsField(
  props: ConsumerFormProps & { kind: 'sip' | 'asterisk'; label: string; error: string | undefined }
) {
  const texts = usePageTexts(consumersTexts)
  const toggle = (part: string, isChosen: boolean) =>
    props.set(
      'parts',
      partsOf[props.kind].filter((one) => (one === part ? isChosen : props.values.parts.includes(one)))
    )
  return (
    <fieldset class="checks">
      <legend>{props.label}</legend>
      <For each={partsOf[props.kind]}>
        {(part) => (
          <CheckField
            label={texts().parts[props.kind === 'sip' && part === 'presence' ? 'text' : part]}
            checked={props.values.parts.includes(part)}
            onChange={(isChosen) => toggle(part, isChosen)}
          />
        )}
      </For>
      <Present value={props.error}>
        {(error) => (
          <span class="field-text field-error" dir="auto">
            {error()}
          </span>
        )}
      </Present>
    </fieldset>
  )
}
