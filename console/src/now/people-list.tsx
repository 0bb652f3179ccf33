/** The rows of the attendant's view: only those in sight exist, so that 5,000 scroll as 50 do. */

import { useNavigate } from '@solidjs/router'
import { createMemo, createSignal, For, lazy, onCleanup, onMount, Show } from 'solid-js'
import type { Status } from '../api/client.ts'
import { Present } from '../components/present.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useSession } from '../session/session.tsx'
import { useTenant } from '../shell/tenant.tsx'
import type { ListItem } from './find-people.ts'
import { keepSame, type ListRow, rowsInSight, toOffsets } from './list-window.ts'
import { removeOverride } from './override.ts'
import { OverrideMenu } from './override-menu.tsx'
import { PersonRow } from './person-row.tsx'

const AbsenceDialog = lazy(() => import('../absences/absence-dialog.tsx'))

interface PeopleListProps {
  readonly items: readonly ListItem[]
  readonly isWall: boolean
  readonly onReady: (focusFirst: () => void) => void
}

/** Pixels below which a row has two lines. */
const NARROW = 720
/** Pixels of height. */
const ROW = { list: 48, narrow: 76, wall: 56, heading: 40 }

export function PeopleList(props: PeopleListProps) {
  const { texts } = useLanguage()
  const { tenant } = useTenant()
  const session = useSession()
  const navigate = useNavigate()
  let scroller: HTMLDivElement | undefined
  const [isNarrow, setIsNarrow] = createSignal(false)
  /** Who has the focus, by user id: rows move when data arrives. */
  const [current, setCurrent] = createSignal<string | null>(null)
  const [menuFor, setMenuFor] = createSignal<Status | null>(null)
  const [absenceFor, setAbsenceFor] = createSignal<Status | null>(null)
  const mayChange = () => session.principal()?.role !== 'softphone'

  const [top, setTop] = createSignal(0)
  const [height, setHeight] = createSignal(0)
  const sizeOf = ({ kind }: ListItem) => {
    if (kind === 'heading') return ROW.heading
    if (props.isWall) return ROW.wall
    return isNarrow() ? ROW.narrow : ROW.list
  }
  const offsets = createMemo(() => toOffsets(props.items.map(sizeOf)))
  /** A row that stays in sight stays the same object, so that scrolling draws only what is new. */
  const rows = createMemo<readonly ListRow[]>(
    (former) => keepSame(former, rowsInSight(offsets(), top(), height())),
    []
  )
  onMount(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      setIsNarrow(width < NARROW)
      setHeight(height)
    })
    if (scroller !== undefined) observer.observe(scroller)
    onCleanup(() => observer.disconnect())
    props.onReady(() => move(0, 1))
  })
  function scrollTo(index: number): void {
    if (scroller === undefined) return
    const start = offsets()[index]!
    const end = offsets()[index + 1]!
    if (start < scroller.scrollTop) scroller.scrollTop = start
    else if (end > scroller.scrollTop + height()) scroller.scrollTop = end - height()
    setTop(scroller.scrollTop)
  }

  const personAt = (index: number): Status | null => {
    const item = props.items[index]
    return item?.kind === 'person' ? item.status : null
  }
  const rowOf = (user: string) =>
    scroller?.querySelector<HTMLElement>(`[data-user="${CSS.escape(user)}"]`) ?? null

  /** To the next person from `index` on, over headings. */
  function move(index: number, step: 1 | -1): void {
    let at = Math.max(0, Math.min(index, props.items.length - 1))
    while (props.items[at]?.kind === 'heading') at += step
    const status = personAt(at)
    if (status === null) return
    setCurrent(status.user)
    scrollTo(at)
    // At once, since the next key may follow within a frame.
    rowOf(status.user)?.focus()
  }

  const open = ({ user }: Status) =>
    navigate(`/${encodeURIComponent(tenant())}/people/${encodeURIComponent(user)}`)

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const at = props.items.findIndex((item) => item.kind === 'person' && item.status.user === current())
    const status = personAt(at)
    const page = Math.max(1, Math.floor((scroller?.clientHeight ?? 400) / ROW.list) - 1)
    const keys: Record<string, () => void> = {
      ArrowDown: () => move(at + 1, 1),
      ArrowUp: () => move(at - 1, -1),
      PageDown: () => move(at + page, 1),
      PageUp: () => move(at - page, -1),
      Home: () => move(0, 1),
      End: () => move(props.items.length - 1, -1)
    }
    if (status !== null) {
      keys.Enter = () => open(status)
      if (mayChange()) {
        keys.o = () => setMenuFor(status)
        keys.a = () => setAbsenceFor(status)
        if (status.source === 'override') {
          const remove = () => void removeOverride({ tenant: tenant(), status, texts: texts() })
          keys.Delete = remove
          keys.Backspace = remove
        }
      }
    }
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }

  return (
    <>
      <Show when={!isNarrow() && !props.isWall}>
        <div class="row head" aria-hidden="true">
          <span>{texts().now.columns.person}</span>
          <span>{texts().now.columns.diversion}</span>
          <span>{texts().now.columns.until}</span>
          <span>{texts().now.columns.back}</span>
          <span>{texts().now.columns.next}</span>
        </div>
      </Show>
      <div
        ref={scroller}
        class="people"
        classList={{ narrow: isNarrow() }}
        onKeyDown={onKey}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        role="listbox"
        aria-label={texts().now.title}
        tabindex={-1}
      >
        <div class="people-inner" style={{ height: `${offsets().at(-1)}px` }} role="presentation">
          <For each={rows()}>
            {(row) => {
              const item = () => props.items[row.index]
              const heading = () => {
                const found = item()
                return found?.kind === 'heading' ? found : null
              }
              return (
                <div
                  class="people-place"
                  role="presentation"
                  style={{ transform: `translateY(${row.start}px)`, height: `${row.size}px` }}
                >
                  <Present value={heading()}>
                    {(heading) => (
                      <div class="row-heading" role="presentation">
                        <span dir="auto">{heading().label}</span>
                        <span class="count">{heading().count}</span>
                      </div>
                    )}
                  </Present>
                  <Present value={personAt(row.index)}>
                    {(status) => (
                      <PersonRow
                        status={status()}
                        position={row.index + 1}
                        total={props.items.length}
                        isTabStop={current() === null ? row.index === 0 : current() === status().user}
                        isCurrent={current() === status().user}
                        mayChange={mayChange()}
                        onFocus={() => setCurrent(status().user)}
                        onOpen={() => open(status())}
                        onSet={() => setMenuFor(status())}
                      />
                    )}
                  </Present>
                </div>
              )
            }}
          </For>
        </div>
      </div>
      <Present value={menuFor()}>
        {(status) => (
          <OverrideMenu
            status={status()}
            anchor={() => rowOf(status().user)}
            onAbsence={() => setAbsenceFor(status())}
            onClose={() => {
              const { user } = status()
              setMenuFor(null)
              rowOf(user)?.focus()
            }}
          />
        )}
      </Present>
      <Present value={absenceFor()}>
        {(status) => (
          <AbsenceDialog
            of={status()}
            held={null}
            onSaved={() => {}}
            onClose={() => {
              const { user } = status()
              setAbsenceFor(null)
              rowOf(user)?.focus()
            }}
          />
        )}
      </Present>
    </>
  )
}
