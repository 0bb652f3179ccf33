/** A timeline drawn to scale: today with its layers, and the coming fortnight as one bar a day. */

import { createMemo, createSignal, For, Show } from 'solid-js'
import type { Schemas } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { formatDay, formatLongDay, formatTime } from '../i18n/format-time.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { type Day, type DayBar, type Interval, toDays } from './day-bars.ts'
import { IntervalDetails } from './interval-details.tsx'

type Layer = 'calendar' | 'absences' | 'override'

const HOURS = [0, 6, 12, 18, 24]

export function TimelinePicture(props: { timeline: Schemas['Timeline']; result: readonly Interval[] }) {
  const { texts } = useLanguage()
  const { now, timeFormat, diversions } = useTenant()
  const phoneOf = (code: string) => diversions().find((one) => one.code === code)?.phone ?? 'closed'
  const [chosen, setChosen] = createSignal<Interval | null>(null)

  const override = createMemo((): Interval[] => {
    const { override } = props.timeline
    if (override === null) return []
    const { diversion, from, until, phone } = override
    return [{ diversion, start: from, end: until, phone: phone ?? phoneOf(diversion) }]
  })
  const absences = () =>
    props.timeline.absences.map(({ diversion, phone, from, until }): Interval => {
      return { diversion, phone: phone ?? phoneOf(diversion), start: from, end: until }
    })
  const day = (intervals: readonly Interval[]) =>
    toDays(intervals, { from: now(), count: 1, timeZone: timeFormat().timeZone })[0]!
  const fortnight = createMemo(() =>
    toDays(props.result, { from: now(), count: 15, timeZone: timeFormat().timeZone }).slice(1)
  )
  const layers = (): [Layer | 'result', readonly Interval[]][] => [
    ['result', props.result],
    ...(override().length > 0 ? [['override', override()] as [Layer, Interval[]]] : []),
    ...(absences().length > 0 ? [['absences', absences()] as [Layer, Interval[]]] : []),
    ...(override().length > 0 || absences().length > 0
      ? [['calendar', props.timeline.intervals] as [Layer, readonly Interval[]]]
      : [])
  ]

  return (
    <section class="card timeline" aria-labelledby="timeline-title">
      <div class="timeline-title">
        <h2 id="timeline-title">{`${texts().person.today}, ${formatLongDay(now(), timeFormat())}`}</h2>
        <p class="help">{texts().person.hint}</p>
      </div>
      <ul class="lanes today">
        <Scale day={day([])} />
        <For each={layers()}>
          {([layer, intervals]) => (
            <Lane
              name={layers().length > 1 ? texts().person.layers[layer] : ''}
              day={day(intervals)}
              now={now()}
              chosen={chosen()}
              onChoose={setChosen}
            />
          )}
        </For>
      </ul>
      <IntervalDetails interval={chosen()} />
      <h2>{texts().person.fortnight}</h2>
      <Show when={props.result.length > 0} fallback={<p class="help">{texts().person.nothing}</p>}>
        <ul class="lanes">
          <Scale day={fortnight()[0]!} />
          <For each={fortnight()}>
            {(day) => (
              <Lane
                name={formatDay(day.start, timeFormat())}
                day={day}
                now={null}
                chosen={chosen()}
                onChoose={setChosen}
              />
            )}
          </For>
        </ul>
      </Show>
    </section>
  )
}

function Scale(props: { day: Day }) {
  const { timeFormat } = useTenant()
  const instantAt = (hour: number) => props.day.start + ((props.day.end - props.day.start) * hour) / 24
  return (
    <li class="lane scale" aria-hidden="true">
      <span />
      <div class="track">
        <For each={HOURS}>
          {(hour) => (
            <span class="hour" style={{ left: `${(100 * hour) / 24}%` }}>
              {formatTime(instantAt(hour), timeFormat())}
            </span>
          )}
        </For>
      </div>
    </li>
  )
}

interface LaneProps {
  readonly name: string
  readonly day: Day
  /** Where the line of now stands; null for none. */
  readonly now: number | null
  readonly chosen: Interval | null
  readonly onChoose: (interval: Interval) => void
}

function Lane(props: LaneProps) {
  const { labelOf, timeFormat } = useTenant()
  const nowAt = () =>
    props.now === null ? null : (props.now - props.day.start) / (props.day.end - props.day.start)
  const titleOf = ({ interval }: DayBar) => {
    const end = interval.end === null ? '' : formatTime(Date.parse(interval.end), timeFormat())
    return `${labelOf(interval.diversion)} ${formatTime(Date.parse(interval.start), timeFormat())}–${end}`
  }
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const bars = [...document.querySelectorAll<HTMLElement>('.bar-button')]
    bars[bars.indexOf(event.currentTarget as HTMLElement) + step]?.focus()
  }
  return (
    <li class="lane">
      <span class="lane-name">{props.name}</span>
      <div class="track">
        <For each={props.day.bars}>
          {(bar) => (
            <button
              type="button"
              class={`bar-button ${bar.interval.phone}`}
              classList={{
                chosen: bar.interval.start === props.chosen?.start && bar.interval.end === props.chosen?.end,
                'cut-left': bar.isCutLeft,
                'cut-right': bar.isCutRight
              }}
              style={{ left: `${100 * bar.left}%`, width: `${100 * bar.width}%` }}
              aria-label={titleOf(bar)}
              onMouseEnter={() => props.onChoose(bar.interval)}
              onFocus={() => props.onChoose(bar.interval)}
              onKeyDown={onKey}
            >
              <span dir="auto">{labelOf(bar.interval.diversion)}</span>
            </button>
          )}
        </For>
        <Present value={nowAt()}>
          {(at) => <span class="now-line" style={{ left: `${100 * at()}%` }} aria-hidden="true" />}
        </Present>
      </div>
    </li>
  )
}
