/** One person: what holds and why, the coming fortnight drawn to scale, the state of the calendar, and their own triggers. */

import { A, useParams } from '@solidjs/router'
import ArrowLeft from 'lucide-solid/icons/arrow-left'
import { createEffect, createResource, createSignal, on, Show } from 'solid-js'
import { AbsenceCard } from '../absences/absence-card.tsx'
import AbsenceDialog from '../absences/absence-dialog.tsx'
import { ApiError, api, dataOf, type Status } from '../api/client.ts'
import { DiversionMark, meaningOf } from '../components/diversion-mark.tsx'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { OwnHours } from '../hours/own-hours.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { OverrideMenu } from '../now/override-menu.tsx'
import { useSession } from '../session/session.tsx'
import { useTenant } from '../shell/tenant.tsx'
import { CalendarState } from './calendar-state.tsx'
import { OwnTriggers } from './own-triggers.tsx'
import { TimelinePicture } from './timeline-picture.tsx'

/** Milliseconds between two readings where no stream tells of changes. */
const POLL_MS = 15_000

export default function Person() {
  const { texts } = useLanguage()
  const { tenant, live, now, when } = useTenant()
  const session = useSession()
  const params = useParams()
  const user = () => decodeURIComponent(params.user ?? '')
  const path = () => ({ tenant: tenant(), user: user() })
  const [isMenuOpen, setIsMenuOpen] = createSignal(false)
  const [isAbsent, setIsAbsent] = createSignal(false)
  let setButton: HTMLButtonElement | undefined

  const [status, { refetch: rereadStatus }] = createResource(path, (path) =>
    dataOf(
      api.GET('/v1/tenants/{tenant}/users/{user}/status', { params: { path, query: { explain: true } } })
    ).catch(nullIfUnknown)
  )
  const [timeline, { refetch: rereadTimeline }] = createResource(path, (path) =>
    readTimeline(path).catch(nullIfUnknown)
  )
  const reread = () => {
    void rereadStatus()
    void rereadTimeline()
  }
  /** The stream gives the status of everybody; the reasons and the timeline are read anew when this one's changes. */
  createEffect(on(() => live()?.all().get(user()), reread, { defer: true }))
  createEffect(
    on(
      () => live() === null && Math.floor(now() / POLL_MS),
      (round) => {
        if (round !== false) reread()
      },
      { defer: true }
    )
  )
  const isOwn = () => session.principal()?.user === user()
  const isManager = () => ['provider', 'operator'].includes(session.principal()?.role ?? '')
  const mayEdit = () => isOwn() || isManager()
  const maySet = () => isOwn() || session.principal()?.role !== 'softphone'

  return (
    <div class="page">
      <Show when={live() !== null}>
        <A class="back-link" href={`/${encodeURIComponent(tenant())}/now`}>
          <ArrowLeft size={16} aria-hidden="true" />
          {texts().person.back}
        </A>
      </Show>
      <Show when={status.latest !== null} fallback={<p class="empty">{texts().person.noUser}</p>}>
        <Present value={status.latest as Status | undefined}>
          {(status) => (
            <>
              <header class="person-head">
                <div class="stack">
                  <h1 dir="auto">{status().displayName}</h1>
                  <p class="help">{`${texts().person.extension} ${status().extension}`}</p>
                </div>
                <div class="person-now">
                  <DiversionMark meaning={meaningOf(status(), now())} label={status().label} />
                  <p>{describeEnd(status())}</p>
                  <Present value={status().because}>
                    {(because) => (
                      <p class="help" dir="auto">
                        {because()}
                      </p>
                    )}
                  </Present>
                </div>
                <Show when={maySet()}>
                  <button ref={setButton} type="button" class="button" onClick={() => setIsMenuOpen(true)}>
                    {texts().now.set}
                  </button>
                </Show>
              </header>
              <Show when={isMenuOpen()}>
                <OverrideMenu
                  status={status()}
                  anchor={() => setButton ?? null}
                  onAbsence={() => setIsAbsent(true)}
                  onClose={() => {
                    setIsMenuOpen(false)
                    setButton?.focus()
                    reread()
                  }}
                />
              </Show>
              <Show when={isAbsent()}>
                <AbsenceDialog
                  of={status()}
                  held={null}
                  onSaved={reread}
                  onClose={() => {
                    setIsAbsent(false)
                    setButton?.focus()
                  }}
                />
              </Show>
            </>
          )}
        </Present>
        <Present value={timeline.latest}>{(timeline) => <TimelinePicture {...timeline()} />}</Present>
        <Show when={maySet()}>
          <Present value={status.latest as Status | undefined}>
            {(status) => <AbsenceCard of={status()} onChanged={reread} />}
          </Present>
        </Show>
        <Show when={mayEdit()}>
          <div class="columns">
            <CalendarState user={user()} />
            <OwnTriggers user={user()} />
          </div>
        </Show>
        <Show when={isManager()}>
          <OwnHours user={user()} />
        </Show>
      </Show>
      <Show when={status.error}>
        <Notice kind="failed">{texts().errors.load}</Notice>
      </Show>
    </div>
  )

  function describeEnd({ until, untilKind, source, reachableAt }: Status): string {
    if (reachableAt !== null) return texts().now.back(when(reachableAt))
    if (until !== null) return texts().now.until(when(until))
    if (untilKind === 'unknown') return texts().now.unknownEnd
    return source === 'none' ? texts().person.empty : texts().now.indefinite
  }
}

/** By the calendar alone, and as it counts with absences and what is set by hand laid over it. */
async function readTimeline(path: { tenant: string; user: string }) {
  const read = (effective: boolean) =>
    dataOf(
      api.GET('/v1/tenants/{tenant}/users/{user}/timeline', {
        params: { path, query: { explain: true, effective } }
      })
    )
  const [timeline, { intervals: result }] = await Promise.all([read(false), read(true)])
  return { timeline, result }
}

function nullIfUnknown(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null
  throw error
}
