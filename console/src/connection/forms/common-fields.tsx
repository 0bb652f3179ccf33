/** The fields that forms of several kinds have, and what every form of a connection is given. */
import { TextField } from '../../components/text-field.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import type { ConnectionDraft } from '../connection-draft.ts'
import { connectionTexts } from '../texts.ts'

export interface FormProps {
  readonly draft: ConnectionDraft
  /** What is wrong with a member of the connection, as the API names it. */
  readonly errorOf: (field: string) => string | undefined
}

export function PollField(props: FormProps) {
  const texts = usePageTexts(connectionTexts)
  return (
    <TextField
      label={texts().fields.pollSeconds}
      type="number"
      value={props.draft.values.pollSeconds}
      onInput={(value) => props.draft.set('pollSeconds', value)}
      error={props.errorOf('pollSeconds')}
    />
  )
}

/** `help`: where the day is to be found. */
export function ExpiryField(props: FormProps & { readonly help?: string }) {
  const texts = usePageTexts(connectionTexts)
  return (
    <TextField
      label={texts().fields.secretExpires}
      help={props.help}
      type="date"
      value={props.draft.values.secretExpires}
      onInput={(value) => props.draft.set('secretExpires', value)}
      error={props.errorOf('secretExpires')}
    />
  )
}
