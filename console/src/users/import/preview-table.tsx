/** Every row of a sheet with what would become of it, those that cannot be taken first. */

import { createMemo, createSignal, For, Show } from 'solid-js'
import { Choice } from '../../components/choice.tsx'
import { Notice } from '../../components/notice.tsx'
import { Present } from '../../components/present.tsx'
import { usePageTexts } from '../../i18n/page-texts.ts'
import type { Preview, PreviewRow } from './import-draft.ts'
import { importTexts } from './texts.ts'

type RowFilter = 'all' | 'changes' | 'problems'

/** How many rows are drawn at once. */
const PAGE = 200
const kinds = { created: 'open', updated: 'soon', removed: 'closed', bad: 'failed' } as const

export function PreviewTable(props: { preview: Preview }) {
  const texts = usePageTexts(importTexts)
  const [filter, setFilter] = createSignal<RowFilter>(props.preview.result === null ? 'problems' : 'all')
  const [limit, setLimit] = createSignal(PAGE)
  const bad = createMemo(() => props.preview.rows.filter(({ outcome }) => outcome === 'bad'))
  const rows = createMemo(() => {
    if (filter() === 'problems') return bad()
    if (filter() === 'all') return props.preview.rows
    return props.preview.rows.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'good')
  })
  const filters = () =>
    props.preview.result === null
      ? [
          { value: 'problems' as const, label: texts().problems(bad().length) },
          { value: 'all' as const, label: texts().allRows(props.preview.rows.length) }
        ]
      : [
          { value: 'all' as const, label: texts().allRows(props.preview.rows.length) },
          { value: 'changes' as const, label: texts().changes }
        ]
  return (
    <>
      <Present
        value={props.preview.result}
        fallback={
          <Notice kind="failed">
            <p dir="auto">
              {props.preview.fault ?? texts().someBad(bad().length, props.preview.rows.length)}
            </p>
          </Notice>
        }
      >
        {(result) => (
          <Notice kind={result().removed > 0 ? 'soon' : 'open'}>
            <p>{texts().summary(result())}</p>
          </Notice>
        )}
      </Present>
      <Choice label={texts().show} value={filter()} onChange={setFilter} choices={filters()} />
      <Show when={rows().length > 0}>
        <section class="table-frame" aria-label={texts().rows} tabindex="0">
          <table class="preview">
            <thead>
              <tr>
                <th scope="col">{texts().row}</th>
                <th scope="col">{texts().outcome}</th>
                <For each={props.preview.columns}>{(column) => <th scope="col">{column}</th>}</For>
              </tr>
            </thead>
            <tbody>
              <For each={rows().slice(0, limit())}>
                {(row) => <Row of={row} columns={props.preview.columns} />}
              </For>
            </tbody>
          </table>
        </section>
      </Show>
      <Show when={rows().length > limit()}>
        <button type="button" class="button" onClick={() => setLimit(limit() + PAGE)}>
          {texts().more(rows().length - limit())}
        </button>
      </Show>
    </>
  )
}

function Row(props: { of: PreviewRow; columns: readonly string[] }) {
  const texts = usePageTexts(importTexts)
  const kind = () => (kinds as Readonly<Record<string, string>>)[props.of.outcome] ?? ''
  const isAtFault = (column: string) => props.of.problems.some(({ field }) => field.split('/')[0] === column)
  return (
    <tr>
      <th scope="row">{props.of.row ?? '–'}</th>
      <td>
        <span class={`pill ${kind()}`}>{texts().outcomes[props.of.outcome]}</span>
        <For each={props.of.problems}>
          {({ field, message }) => (
            <p class="problem" dir="auto">
              <strong>{field}</strong> {message}
            </p>
          )}
        </For>
      </td>
      <For each={props.columns}>
        {(column) => (
          <td classList={{ 'bad-cell': isAtFault(column) }} dir="auto">
            {props.of.cells[column] ?? ''}
          </td>
        )}
      </For>
    </tr>
  )
}
