/** One of a few, seen side by side. */
import { For } from 'solid-js'

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly onChange: (value: Value) => void
  readonly choices: readonly { readonly value: Value; readonly label: string }[]
}

export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const name = `choice-${Math.random().toString(36).slice(2)}`
  return (
    <fieldset class="choice">
      <legend class="visually-hidden">{props.label}</legend>
      <For each={props.choices}>
        {({ value, label }) => (
          <label>
            <input
              type="radio"
              name={name}
              value={value}
              checked={value === props.value}
              onChange={() => props.onChange(value)}
            />
            <span>{label}</span>
          </label>
        )}
      </For>
    </fieldset>
  )
}
