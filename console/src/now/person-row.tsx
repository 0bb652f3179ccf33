/** One person in the attendant's view. */

import CircleX from 'lucide-solid/icons/circle-x'
import CloudOff from 'lucide-solid/icons/cloud-off'
import Hand from 'lucide-solid/icons/hand'
import PhoneForwarded from 'lucide-solid/icons/phone-forwarded'
import { Show } from 'solid-js'
import type { Status } from '../api/client.ts'
import { DiversionMark, meaningOf } from '../components/diversion-mark.tsx'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'

interface PersonRowProps {
  readonly status: Status
  readonly position: number
  readonly total: number
  readonly isTabStop: boolean
  readonly isCurrent: boolean
  readonly mayChange: boolean
  readonly onFocus: () => void
  readonly onOpen: () => void
  readonly onSet: () => void
}

export function PersonRow(props: PersonRowProps) {
  const { texts } = useLanguage()
  const { now, when, labelOf } = useTenant()
  const until = () => {
    const { until, untilKind, source } = props.status
    if (until !== null) return when(until)
    if (untilKind === 'unknown') return texts().now.unknownEnd
    return source === 'none' ? '' : texts().now.indefinite
  }
  const next = () => {
    const { next } = props.status
    return next === null ? '' : texts().now.next(labelOf(next.diversion), when(next.from))
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys of all its rows.
    // biome-ignore lint/a11y/useFocusableInteractive: it is, by Solid's `tabindex`.
    <div
      class="row person"
      classList={{ closed: props.status.phone === 'closed' }}
      role="option"
      aria-selected={props.isCurrent}
      aria-setsize={props.total}
      aria-posinset={props.position}
      tabindex={props.isTabStop ? 0 : -1}
      data-user={props.status.user}
      onFocus={props.onFocus}
      onClick={props.onOpen}
    >
      <span class="cell who">
        <span class="name" dir="auto">
          {props.status.displayName}
        </span>
        <span class="extension">{props.status.extension}</span>
      </span>
      <span class="cell what">
        <DiversionMark meaning={meaningOf(props.status, now())} label={props.status.label} />
        <Show when={props.status.source === 'override'}>
          <span class="by-hand" title={texts().now.byHand}>
            <Hand size={14} aria-hidden="true" />
            <span class="visually-hidden">{texts().now.byHand}</span>
          </span>
        </Show>
        <SyncMark status={props.status} />
      </span>
      <span class="cell until">{until()}</span>
      <span class="cell back">{props.status.reachableAt === null ? '' : when(props.status.reachableAt)}</span>
      <span class="cell next" dir="auto">
        <Present value={props.status.forwardTo} fallback={next()}>
          {(number) => (
            <span class="forward">
              <PhoneForwarded size={14} aria-hidden="true" />
              {texts().now.forwarded(number())}
            </span>
          )}
        </Present>
      </span>
      <Show when={props.mayChange}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the row's key O does the same. */}
        <span
          class="button quiet set"
          role="presentation"
          title={texts().now.setStatus(props.status.displayName)}
          onClick={(event) => {
            event.stopPropagation()
            props.onFocus()
            props.onSet()
          }}
        >
          {texts().now.set}
        </span>
      </Show>
    </div>
  )
}

/** Only what is not as it should be is marked. */
function SyncMark(props: { status: Status }) {
  const { texts } = useLanguage()
  const { when } = useTenant()
  const isStale = () => props.status.sync.state === 'stale'
  const text = () => (isStale() ? texts().sync.stale(when(props.status.sync.since)) : texts().sync.failed)
  return (
    <Show when={isStale() || props.status.sync.state === 'failed'}>
      <span class={`sync-mark ${props.status.sync.state}`} title={text()}>
        <Show when={isStale()} fallback={<CircleX size={14} aria-hidden="true" />}>
          <CloudOff size={14} aria-hidden="true" />
        </Show>
        <span class="visually-hidden">{text()}</span>
      </span>
    </Show>
  )
}
