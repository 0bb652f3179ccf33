/** One step of a guide: what to do, and what helps to do it. */

import type { JSX } from 'solid-js'
import { Present } from '../../components/present.tsx'

export function GuideStep(props: { title: string; text?: string; children?: JSX.Element }) {
  return (
    <li class="guide-step">
      <h3>{props.title}</h3>
      <Present value={props.text}>{(text) => <p>{text()}</p>}</Present>
      {props.children}
    </li>
  )
}
