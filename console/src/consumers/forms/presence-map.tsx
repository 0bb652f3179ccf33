/** The presence state that Asterisk is told of each closed diversion, and of all others. */
import X from 'lucide-solid/icons/x'
import { Index, Show } from 'solid-js'
import { usePageTexts } from '../../i18n/page-texts.ts'
import { useTenant } from '../../shell/tenant.tsx'
import { type MappedPresence, presenceStates } from '../consumer-values.ts'
import { consumersTexts } from '../texts.ts'

const OTHERS = '*'

interface PresenceMapProps {
  readonly map: readonly MappedPresence[]
  readonly onChange: (map: readonly MappedPresence[]) => void
}

export function PresenceMap(props: PresenceMapProps) {
  const texts = usePageTexts(consumersTexts)
  const { diversions } = useTenant()
  const unmapped = () =>
    [...diversions().map(({ code }) => code), OTHERS].filter(
      (code) => !props.map.some(({ diversion }) => diversion === code)
    )
  const change = (at: number, changed: Partial<MappedPresence>) =>
    props.onChange(props.map.map((one, index) => (index === at ? { ...one, ...changed } : one)))
  const add = () => {
    const [diversion] = unmapped()
    if (diversion !== undefined) props.onChange([...props.map, { diversion, state: 'away' }])
  }
  return (
    <fieldset class="checks">
      <legend>{texts().fields.map}</legend>
      <Index each={props.map}>
        {(mapped, at) => (
          <MapRow
            of={mapped()}
            choices={[mapped().diversion, ...unmapped()]}
            onChange={(changed) => change(at, changed)}
            onRemove={() => props.onChange(props.map.filter((_, index) => index !== at))}
          />
        )}
      </Index>
      <Show when={unmapped().length > 0}>
        <div>
          <button type="button" class="button quiet" onClick={add}>
            {texts().fields.mapAdd}
          </button>
        </div>
      </Show>
    </fieldset>
  )
}

function MapRow(props: {
  of: MappedPresence
  choices: readonly string[]
  onChange: (changed: Partial<MappedPresence>) => void
  onRemove: () => void
}) {
  const texts = usePageTexts(consumersTexts)
  const { labelOf } = useTenant()
  const nameOf = (code: string) => (code === OTHERS ? texts().fields.others : labelOf(code))
  return (
    <div class="map-row">
      <select
        aria-label={texts().fields.mapDiversion}
        onChange={(event) => props.onChange({ diversion: event.currentTarget.value })}
      >
        <Index each={props.choices}>
          {(code) => (
            <option value={code()} selected={code() === props.of.diversion}>
              {nameOf(code())}
            </option>
          )}
        </Index>
      </select>
      <select
        aria-label={texts().fields.mapState(nameOf(props.of.diversion))}
        onChange={(event) => props.onChange({ state: event.currentTarget.value as MappedPresence['state'] })}
      >
        <Index each={presenceStates}>
          {(state) => (
            <option value={state()} selected={state() === props.of.state}>
              {state()}
            </option>
          )}
        </Index>
      </select>
      <button
        type="button"
        class="button quiet icon-only"
        aria-label={texts().fields.mapRemove(nameOf(props.of.diversion))}
        onClick={() => props.onRemove()}
      >
        <X size={16} aria-hidden="true" />
      </button>
    </div>
  )
}
