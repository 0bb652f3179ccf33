/** The triggers in their order: edited in place, moved by keys or by dragging, each with what is noteworthy about it. */

import ArrowDown from 'lucide-solid/icons/arrow-down'
import ArrowUp from 'lucide-solid/icons/arrow-up'
import GripVertical from 'lucide-solid/icons/grip-vertical'
import Plus from 'lucide-solid/icons/plus'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import X from 'lucide-solid/icons/x'
import { createSignal, For, Index } from 'solid-js'
import type { Trigger } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { moveItem, type RulesDraft } from './draft.ts'
import type { Finding } from './findings.tsx'

interface TriggerTableProps {
  readonly draft: RulesDraft
  /** The index of the one that took the subject of the try line. */
  readonly lit: number | null
  readonly findings: readonly Finding[]
}

const MATCHES = ['word', 'prefix', 'category'] as const

export function TriggerTable(props: TriggerTableProps) {
  const { texts } = useLanguage()
  const { labelOf } = useTenant()
  const [dragged, setDragged] = createSignal<number | null>(null)
  let list: HTMLOListElement | undefined

  const change = (index: number, changes: Partial<Trigger>) => {
    props.draft.triggers = props.draft.triggers.map((trigger, at) =>
      at === index ? { ...trigger, ...changes } : trigger
    )
  }
  const move = (from: number, to: number) => {
    props.draft.triggers = moveItem(props.draft.triggers, from, to)
    list?.children[to]?.querySelector<HTMLElement>('input')?.focus()
  }
  const add = () => {
    const diversion = props.draft.diversions[0]?.code ?? 'available'
    props.draft.triggers = [...props.draft.triggers, { match: 'word', text: '', diversion }]
    requestAnimationFrame(() => list?.lastElementChild?.querySelector<HTMLElement>('input')?.focus())
  }
  const findingOf = (index: number) =>
    props.findings.find(({ field }) => field.startsWith(`triggers[${index}]`))

  return (
    <section class="card" aria-labelledby="triggers-title">
      <div class="title-line">
        <h2 id="triggers-title">{texts().rules.triggers}</h2>
        <button type="button" class="button" onClick={add}>
          <Plus size={16} aria-hidden="true" />
          {texts().rules.addTrigger}
        </button>
      </div>
      <p class="help">{texts().rules.triggersHelp}</p>
      <ol class="plain" ref={list}>
        <Index each={props.draft.triggers}>
          {(trigger, index) => (
            <li
              class="trigger-row"
              classList={{ lit: props.lit === index, dragged: dragged() === index }}
              onDragOver={(event) => event.preventDefault()}
              onDrop={(event) => {
                event.preventDefault()
                const from = dragged()
                if (from !== null) move(from, index)
                setDragged(null)
              }}
              onKeyDown={(event) => {
                if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
                event.preventDefault()
                move(index, index + (event.key === 'ArrowUp' ? -1 : 1))
              }}
            >
              <span
                class="handle"
                draggable="true"
                aria-hidden="true"
                onDragStart={() => setDragged(index)}
                onDragEnd={() => setDragged(null)}
              >
                <GripVertical size={16} />
              </span>
              <select
                aria-label={texts().rules.triggers}
                value={trigger().match}
                onChange={(event) => change(index, { match: event.currentTarget.value as Trigger['match'] })}
              >
                <For each={MATCHES}>
                  {(match) => <option value={match}>{texts().rules.match[match]}</option>}
                </For>
              </select>
              <input
                aria-label={texts().rules.text}
                value={trigger().text}
                maxlength={200}
                required
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => change(index, { text: event.currentTarget.value })}
              />
              <select
                aria-label={texts().rules.diversion}
                value={trigger().diversion}
                onChange={(event) => change(index, { diversion: event.currentTarget.value })}
              >
                <For each={props.draft.diversions}>
                  {({ code }) => <option value={code}>{labelOf(code)}</option>}
                </For>
              </select>
              <span class="row-actions">
                <Present value={findingOf(index)}>
                  {(finding) => (
                    <span class="sync-mark soon" title={finding().message}>
                      <TriangleAlert size={14} aria-hidden="true" />
                      <span class="visually-hidden">{finding().message}</span>
                    </span>
                  )}
                </Present>
                <button
                  type="button"
                  class="button quiet icon-only"
                  aria-label={`${texts().rules.moveUp}: ${trigger().text}`}
                  disabled={index === 0}
                  onClick={() => move(index, index - 1)}
                >
                  <ArrowUp size={16} aria-hidden="true" />
                </button>
                <button
                  type="button"
                  class="button quiet icon-only"
                  aria-label={`${texts().rules.moveDown}: ${trigger().text}`}
                  disabled={index === props.draft.triggers.length - 1}
                  onClick={() => move(index, index + 1)}
                >
                  <ArrowDown size={16} aria-hidden="true" />
                </button>
                <button
                  type="button"
                  class="button quiet icon-only"
                  aria-label={`${texts().rules.remove}: ${trigger().text}`}
                  onClick={() => {
                    props.draft.triggers = props.draft.triggers.filter((_, at) => at !== index)
                  }}
                >
                  <X size={16} aria-hidden="true" />
                </button>
              </span>
            </li>
          )}
        </Index>
      </ol>
    </section>
  )
}
