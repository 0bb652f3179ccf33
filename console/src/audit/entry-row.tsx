/** One entry of the audit: a line, and on demand what was before and after. */

import { createMemo, For, Show } from 'solid-js'
import { Present } from '../components/present.tsx'
import { usePageTexts } from '../i18n/page-texts.ts'
import { useTimes } from '../shell/tenant.tsx'
import { actionLabel } from './actions.ts'
import type { AuditEntry } from './audit-client.ts'
import { auditTexts } from './texts.ts'

interface ChangedMember {
  readonly member: string
  readonly before: string
  readonly after: string
}

export function EntryRow(props: { entry: AuditEntry; onActor: (actor: string) => void }) {
  const texts = usePageTexts(auditTexts)
  const { when } = useTimes()
  const actor = () => props.entry.actor
  const name = () => actor().name ?? actor().id ?? texts().actors[actor().kind]
  return (
    <li class="audit-entry">
      <span class="audit-when">
        <time datetime={props.entry.at}>{when(props.entry.at)}</time>
      </span>
      <span class="audit-what">
        <strong>{actionLabel(props.entry.action, texts())}</strong>
        <Present value={targetOf(props.entry)}>
          {(target) => (
            <span class="soft" dir="auto">
              {target()}
            </span>
          )}
        </Present>
        <Show when={props.entry.outcome !== 'done'}>
          <span class={`pill ${props.entry.outcome === 'failed' ? 'failed' : 'soon'}`}>
            {texts().outcomes[props.entry.outcome]}
          </span>
        </Show>
      </span>
      <span class="audit-who">
        <Present value={actor().id} fallback={<span dir="auto">{name()}</span>}>
          {(id) => (
            <button
              type="button"
              class="link-button"
              title={texts().onlyThis}
              onClick={() => props.onActor(id())}
            >
              <span dir="auto">{name()}</span>
            </button>
          )}
        </Present>
        <Present value={props.entry.address}>{(address) => <span class="soft">{address()}</span>}</Present>
      </span>
      <Details entry={props.entry} />
    </li>
  )
}

function Details(props: { entry: AuditEntry }) {
  const texts = usePageTexts(auditTexts)
  const changes = createMemo(() => [
    ...changedMembers('', props.entry.before, props.entry.after),
    ...props.entry.parts.flatMap(({ part }) => {
      if (part === undefined) return []
      const { user, before, after, ...rest } = part as Record<string, unknown>
      const name = String(user)
      return [...changedMembers(`${name} · `, before, after), ...changedMembers(`${name} · `, null, rest)]
    })
  ])
  return (
    <Show when={changes().length > 0}>
      <details class="audit-details">
        <summary>{texts().details(changes().length)}</summary>
        <div class="table-frame">
          <table>
            <thead>
              <tr>
                <th scope="col">{texts().member}</th>
                <th scope="col">{texts().before}</th>
                <th scope="col">{texts().after}</th>
              </tr>
            </thead>
            <tbody>
              <For each={changes()}>
                {({ member, before, after }) => (
                  <tr>
                    <th scope="row">
                      <code>{member}</code>
                    </th>
                    <td dir="auto">{before}</td>
                    <td dir="auto">{after}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </details>
    </Show>
  )
}

/** To whom or what: the users that its parts are of, and what its target names; a name where there is one. */
function targetOf({ target, before, after, parts }: AuditEntry): string | null {
  const users = parts.flatMap(({ part }) => (part === undefined ? [] : [part.user]))
  const ofUser = parts[0]?.part as Readonly<Record<string, AuditEntry['after']>> | undefined
  const name = after?.name ?? before?.name ?? ofUser?.after?.name
  const named =
    typeof name === 'string' ? [name] : Object.values(target).filter((value) => typeof value === 'string')
  const all = [...new Set([...named, ...users])]
  if (all.length === 0) return null
  return all.length <= 3 ? all.join(', ') : `${all.slice(0, 3).join(', ')} + ${all.length - 3}`
}

function changedMembers(prefix: string, before: unknown, after: unknown): ChangedMember[] {
  const from = (before ?? {}) as Record<string, unknown>
  const to = (after ?? {}) as Record<string, unknown>
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((member) => from[member] != null || to[member] != null)
    .map((member) => ({
      member: prefix + member,
      before: written(from[member]),
      after: written(to[member])
    }))
}

function written(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
