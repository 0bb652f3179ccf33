/** What a status means for a call, by icon, colour and words: open, closed, or open and soon closed. */
import Clock from 'lucide-solid/icons/clock-alert'
import Phone from 'lucide-solid/icons/phone'
import PhoneOff from 'lucide-solid/icons/phone-off'
import { Dynamic } from 'solid-js/web'
import type { Status } from '../api/client.ts'
import { useLanguage } from '../i18n/language.tsx'

export type Meaning = 'open' | 'closed' | 'soon'

/** Milliseconds before a transition from which one says so. */
const SOON_MS = 10 * 60_000

const icons = { open: Phone, closed: PhoneOff, soon: Clock }

/** `soon`: the phone is open, and something else begins within ten minutes. */
export function meaningOf({ phone, next }: Status, now: number): Meaning {
  if (phone === 'closed') return 'closed'
  return next !== null && Date.parse(next.from) - now <= SOON_MS ? 'soon' : 'open'
}

export function DiversionMark(props: { meaning: Meaning; label: string }) {
  const { texts } = useLanguage()
  return (
    <span class={`mark ${props.meaning}`}>
      <span class="mark-icon" title={texts().phone[props.meaning]}>
        <Dynamic component={icons[props.meaning]} size={14} aria-hidden="true" />
      </span>
      <span class="mark-label" dir="auto">
        {props.label}
      </span>
      <span class="visually-hidden">{`(${texts().phone[props.meaning]})`}</span>
    </span>
  )
}
