/**
 * Shows its children while there is a value. As Solid's `<Show>` with a callback, but for its accessor, which gives the last
 * value where there is none any more: `<Show>` throws "Stale read" there, and what it surrounds may be read once more, by a
 * transition to another page or by a handler that outlives it.
 */
import { type Accessor, createMemo, type JSX, Show, untrack } from 'solid-js'

interface PresentProps<T> {
  readonly value: T | null | undefined | false | 0 | ''
  readonly fallback?: JSX.Element
  readonly children: (value: Accessor<NonNullable<T>>) => JSX.Element
}

export function Present<T>(props: PresentProps<T>) {
  const isPresent = createMemo(() => Boolean(props.value))
  const last = createMemo<NonNullable<T> | undefined>((former) => props.value || former)
  return (
    <Show when={isPresent()} fallback={props.fallback}>
      {untrack(() => props.children(() => last()!))}
    </Show>
  )
}
