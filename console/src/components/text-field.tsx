/** A field with its label above it, and below it what helps to fill it in or what is wrong with it. */

import { createUniqueId, For, Show } from 'solid-js'
import { Present } from './present.tsx'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly help?: string | undefined
  readonly error?: string | undefined
  readonly disabled?: boolean
}

interface TextFieldProps extends FieldProps {
  readonly type?: 'text' | 'password' | 'date' | 'number' | 'email'
  readonly required?: boolean
  readonly placeholder?: string
  /** Several lines, as a certificate has them. */
  readonly isLong?: boolean
  readonly pattern?: string
  /** What is made of the text once somebody leaves the field. */
  readonly tidy?: (text: string) => string
}

/** A time of day, in 24 hours in whatever language the browser is: `8` and `830` are made `08:00` and `08:30`. */
export const timeText = {
  pattern: '([01][0-9]|2[0-3]):[0-5][0-9]',
  placeholder: '08:00',
  tidy: (text: string) => {
    const [, hours, minutes = '00'] = /^\s*([01]?\d|2[0-3])(?:[.:]?([0-5]\d))?\s*$/.exec(text) ?? []
    return hours === undefined ? text : `${hours.padStart(2, '0')}:${minutes}`
  }
}

function describedBy(id: string, { help, error }: FieldProps): string | undefined {
  return (error ?? help) === undefined ? undefined : `${id}-text`
}

function FieldText(props: { id: string; field: FieldProps }) {
  return (
    <Present value={props.field.error ?? props.field.help}>
      {(text) => (
        <span
          id={`${props.id}-text`}
          class="field-text"
          classList={{ 'field-error': props.field.error !== undefined }}
          dir="auto"
        >
          {text()}
        </span>
      )}
    </Present>
  )
}

export function TextField(props: TextFieldProps) {
  const id = createUniqueId()
  const common = () => ({
    id,
    required: props.required ?? false,
    disabled: props.disabled ?? false,
    placeholder: props.placeholder,
    spellcheck: false,
    autocomplete: 'off',
    'aria-invalid': props.error !== undefined,
    'aria-describedby': describedBy(id, props)
  })
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <Show
        when={props.isLong === true}
        fallback={
          <input
            {...common()}
            type={props.type ?? 'text'}
            pattern={props.pattern}
            value={props.value}
            onInput={(event) => props.onInput(event.currentTarget.value)}
            onChange={(event) => {
              if (props.tidy !== undefined) props.onInput(props.tidy(event.currentTarget.value))
            }}
          />
        }
      >
        <textarea
          {...common()}
          rows="4"
          class="mono"
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      </Show>
      <FieldText id={id} field={props} />
    </div>
  )
}

export interface SelectOption {
  readonly value: string
  readonly label: string
}

export function SelectField(props: FieldProps & { readonly options: readonly SelectOption[] }) {
  const id = createUniqueId()
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        disabled={props.disabled ?? false}
        aria-invalid={props.error !== undefined}
        aria-describedby={describedBy(id, props)}
        onChange={(event) => props.onInput(event.currentTarget.value)}
      >
        <For each={props.options}>
          {({ value, label }) => (
            <option value={value} selected={value === props.value}>
              {label}
            </option>
          )}
        </For>
      </select>
      <FieldText id={id} field={props} />
    </div>
  )
}

export function CheckField(props: {
  label: string
  help?: string | undefined
  checked: boolean
  onChange: (isChecked: boolean) => void
}) {
  const id = createUniqueId()
  return (
    <div class="check-field">
      <label class="check">
        <input
          type="checkbox"
          checked={props.checked}
          aria-describedby={props.help === undefined ? undefined : `${id}-text`}
          onChange={(event) => props.onChange(event.currentTarget.checked)}
        />
        {props.label}
      </label>
      <Present value={props.help}>
        {(help) => (
          <span id={`${id}-text`} class="field-text">
            {help()}
          </span>
        )}
      </Present>
    </div>
  )
}
