/** How the reading of calendars goes in one customer: the connection, its credential, and errors by what to do about them. */

import { A } from '@solidjs/router'
import { createResource, For, Show } from 'solid-js'
import { api, dataOf, type Schemas } from '../api/client.ts'
import { Notice } from '../components/notice.tsx'
import { Present } from '../components/present.tsx'
import { showDone, showFailed } from '../components/toasts.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { useTenant } from '../shell/tenant.tsx'

type UserSync = Schemas['UserSync']

interface ErrorGroup {
  readonly code: string
  readonly hint: string
  readonly users: readonly UserSync[]
}

/** Days before the end of a credential from which it is shown as due. */
const DUE_DAYS = 30
const connectionKinds = { absent: 'soon', untried: 'soon', working: 'open', failing: 'failed' } as const

/** How many of a group are named. */
const NAMED = 12

export default function Health() {
  const { texts } = useLanguage()
  const { tenant, when } = useTenant()
  const [report, { refetch }] = createResource(tenant, (tenant) => {
    const params = { path: { tenant }, query: { state: 'failed,stale', limit: 1000 } }
    return dataOf(api.GET('/v1/tenants/{tenant}/sync', { params }))
  })
  const groups = () => groupByRemedy(report.latest?.users ?? [])
  const readNow = async () => {
    try {
      await dataOf(api.POST('/v1/tenants/{tenant}/sync', { params: { path: { tenant: tenant() } } }))
      showDone(texts().health.checking)
      await refetch()
    } catch (error) {
      showFailed(texts().errors.title, error)
    }
  }
  return (
    <div class="page">
      <div class="title-line">
        <h1>{texts().health.title}</h1>
        <button type="button" class="button" onClick={() => void readNow()}>
          {texts().health.check}
        </button>
      </div>
      <Present value={report.latest}>
        {(report) => (
          <>
            <section class="card" aria-labelledby="connection-title">
              <h2 id="connection-title">
                <A class="name-link" href={`/${encodeURIComponent(tenant())}/connection`}>
                  {texts().health.connection}
                </A>
              </h2>
              <ConnectionLine connection={report().connection} when={when} />
            </section>
            <section class="stack" aria-labelledby="groups-title">
              <h2 id="groups-title">{texts().health.groups}</h2>
              <Show
                when={groups().length > 0}
                fallback={<Notice kind="open">{texts().health.allWell}</Notice>}
              >
                <For each={groups()}>{(group) => <GroupCard group={group} />}</For>
              </Show>
            </section>
          </>
        )}
      </Present>
    </div>
  )
}

function ConnectionLine(props: { connection: Schemas['ConnectionSync']; when: (at: string) => string }) {
  const { texts } = useLanguage()
  const credential = () => props.connection.credential
  const isDue = () => {
    const days = credential()?.daysLeft ?? null
    return days !== null && days <= DUE_DAYS
  }
  return (
    <>
      <Notice kind={connectionKinds[props.connection.state]}>
        <p>
          <strong>{texts().health.states[props.connection.state]}</strong>
          {` · ${props.when(props.connection.since)}`}
        </p>
        <Present value={props.connection.hint}>{(hint) => <p dir="auto">{hint()}</p>}</Present>
      </Notice>
      <Present value={credential()}>
        {(credential) => (
          <Notice kind={isDue() ? 'soon' : credential().endsAt === null ? 'stale' : 'open'}>
            <p>
              <strong>{texts().health.credential}</strong>
              <Present value={credential().daysLeft}>
                {(days) => ` · ${texts().health.daysLeft(days())}`}
              </Present>
            </p>
            <Present value={credential().hint}>{(hint) => <p dir="auto">{hint()}</p>}</Present>
          </Notice>
        )}
      </Present>
    </>
  )
}

function GroupCard(props: { group: ErrorGroup }) {
  const { texts } = useLanguage()
  const { tenant, live } = useTenant()
  const nameOf = (user: string) => live()?.all().get(user)?.displayName ?? user
  return (
    <article class="card">
      <div class="title-line">
        <code>{props.group.code}</code>
        <span class="count">{texts().health.affected(props.group.users.length)}</span>
      </div>
      <p dir="auto">{props.group.hint}</p>
      <p class="names">
        <For each={props.group.users.slice(0, NAMED)}>
          {({ user }) => (
            <A
              class="name-link"
              href={`/${encodeURIComponent(tenant())}/people/${encodeURIComponent(user)}`}
              dir="auto"
            >
              {nameOf(user)}
            </A>
          )}
        </For>
        <Show when={props.group.users.length > NAMED}>{`+ ${props.group.users.length - NAMED}`}</Show>
      </p>
    </article>
  )
}

/** The largest group first. */
function groupByRemedy(users: readonly UserSync[]): readonly ErrorGroup[] {
  const groups = new Map<string, UserSync[]>()
  for (const user of users) {
    const key = `${user.code ?? user.state}\n${user.hint ?? ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [user])
    else group.push(user)
  }
  return [...groups]
    .map(([key, users]) => {
      const [code = '', hint = ''] = key.split('\n')
      return { code, hint, users }
    })
    .sort((one, other) => other.users.length - one.users.length)
}
