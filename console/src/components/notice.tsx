/** A message that stays: its kind by icon and colour. */
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleX from 'lucide-solid/icons/circle-x'
import CloudOff from 'lucide-solid/icons/cloud-off'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import type { ParentProps } from 'solid-js'
import { Dynamic } from 'solid-js/web'

const icons = { open: CircleCheck, soon: TriangleAlert, stale: CloudOff, failed: CircleX }

export function Notice(props: ParentProps<{ kind: keyof typeof icons }>) {
  return (
    <div class={`notice ${props.kind}`}>
      <Dynamic component={icons[props.kind]} aria-hidden="true" size={18} />
      <div>{props.children}</div>
    </div>
  )
}
