/** The certificate of the authority behind a consumer's own, where that is no public one. */
import { TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { consumersTexts } from '../texts.ts'
import type { ConsumerFormProps } from './form-props.ts'

export function CaField(props: ConsumerFormProps) {
  const texts = usePageTexts(consumersTexts)
  return (
    <TextField
      label={texts().fields.ca}
      help={texts().fields.caHelp}
      isLong
      value={props.values.ca}
      onInput={(value) => props.set('ca', value)}
      error={props.errorOf('ca')}
    />
  )
}
