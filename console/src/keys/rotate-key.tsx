/** A key is replaced by a new one with the same rights; the old one stays good meanwhile. */
import { createSignal } from 'solid-js'
import { Dialog } from '../components/dialog.tsx'
import { FormEnd, useSubmit } from '../components/form-end.tsx'
import { SelectField } from '../components/text-field.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import type { Key, KeysClient, NewKey } from './keys-client.ts'
import { keysTexts } from './texts.ts'

/** Hours for which the old key stays good. */
const OVERLAPS = ['24', '72', '168', '720', '0']

export function RotateKeyDialog(props: {
  client: KeysClient
  of: Key
  onMade: (key: NewKey) => void
  onClose: () => void
}) {
  const texts = usePageTexts(keysTexts)
  const [hours, setHours] = createSignal(OVERLAPS[0]!)
  const form = useSubmit(async () => props.onMade(await props.client.rotate(props.of.id, Number(hours()))))
  return (
    <Dialog title={texts().rotateNamed(props.of.name)} onClose={props.onClose}>
      <form class="form" onSubmit={form.submit}>
        <p>{texts().rotateText}</p>
        <SelectField
          label={texts().overlap}
          value={hours()}
          onInput={setHours}
          options={OVERLAPS.map((value) => ({ value, label: texts().overlapOf(Number(value)) }))}
        />
        <FormEnd form={form} action={texts().rotate} onCancel={props.onClose} />
      </form>
    </Dialog>
  )
}
