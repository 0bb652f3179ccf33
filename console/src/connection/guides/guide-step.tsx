/** One step of a guide: what to do, and what helps to do it. */
import { type JSX, Show } from 'solid-js'

export function GuideStep(props: { title: string; text?: string; children?: JSX.Element }) {
  return (
    <li class="guide-step">
      <h3>{props.title}</h3>
      <Show when={props.text}>{(text) => <p>{text()}</p>}</Show>
      {props.children}
    </li>
  )
}
