/** The pages by their addresses, and who reaches them. */
import { Navigate, Route, Router } from '@solidjs/router'
import { lazy, Match, type ParentProps, Switch } from 'solid-js'
import { Notice } from './components/notice.tsx'
import { Toasts } from './components/toasts.tsx'
import { LanguageProvider, useLanguage } from './i18n/language.tsx'
import { Now } from './now/now.tsx'
import { SessionProvider, useSession } from './session/session.tsx'
import { SignIn } from './session/sign-in.tsx'
import { ProviderPage } from './shell/provider-page.tsx'
import { useTenant } from './shell/tenant.tsx'
import { TenantPage } from './shell/tenant-page.tsx'

const Tenants = lazy(() => import('./tenants/tenants.tsx'))
const Person = lazy(() => import('./person/person.tsx'))
const Rules = lazy(() => import('./rules/rules.tsx'))
const Users = lazy(() => import('./users/users.tsx'))
const ImportUsers = lazy(() => import('./users/import/import.tsx'))
const Health = lazy(() => import('./health/health.tsx'))
const ConnectionPage = lazy(() => import('./connection/connection.tsx'))
const Consumers = lazy(() => import('./consumers/consumers.tsx'))
const Keys = lazy(() => import('./keys/keys.tsx'))
const Hours = lazy(() => import('./hours/hours.tsx'))
const Alarms = lazy(() => import('./alarms/alarms.tsx'))
const Audit = lazy(() => import('./audit/audit.tsx'))

export function App() {
  return (
    <LanguageProvider>
      <SessionProvider>
        <SignedIn>
          <Router base="/console">
            <Route path="/" component={Home} />
            <Route path="/-" component={ProviderPage}>
              <Route path="/tenants" component={Tenants} />
              <Route path="/keys" component={Keys} />
              <Route path="/alarms" component={Alarms} />
              <Route path="/audit" component={Audit} />
              <Route path="*" component={NotFound} />
            </Route>
            <Route path="/:tenant" component={TenantPage}>
              <Route path="/" component={FirstPage} />
              <Route path="/now" component={Now} />
              <Route path="/people/:user" component={Person} />
              <Route path="/rules" component={Rules} />
              <Route path="/users" component={Users} />
              <Route path="/users/import" component={ImportUsers} />
              <Route path="/hours" component={Hours} />
              <Route path="/connection" component={ConnectionPage} />
              <Route path="/consumers" component={Consumers} />
              <Route path="/keys" component={Keys} />
              <Route path="/health" component={Health} />
              <Route path="/alarms" component={Alarms} />
              <Route path="/audit" component={Audit} />
              <Route path="*" component={NotFound} />
            </Route>
          </Router>
        </SignedIn>
        <Toasts />
      </SessionProvider>
    </LanguageProvider>
  )
}

function SignedIn(props: ParentProps) {
  const { texts } = useLanguage()
  const session = useSession()
  return (
    <Switch>
      <Match when={session.isUnreachable()}>
        <main class="sign-in" id="content">
          <Notice kind="stale">{texts().errors.unreachable}</Notice>
        </main>
      </Match>
      <Match when={session.principal() === null}>
        <SignIn />
      </Match>
      <Match when={session.principal()}>{props.children}</Match>
    </Switch>
  )
}

/** A provider chooses a customer first; everybody else has one. */
function Home() {
  const session = useSession()
  const tenant = session.principal()?.tenant
  return <Navigate href={tenant == null ? '/-/tenants' : `/${encodeURIComponent(tenant)}`} />
}

function FirstPage() {
  const { tenant } = useTenant()
  const { role, user, colleagues } = useSession().principal()!
  const isAlone = role === 'softphone' && !colleagues
  const page = isAlone ? `people/${encodeURIComponent(user ?? '')}` : 'now'
  return <Navigate href={`/${encodeURIComponent(tenant())}/${page}`} />
}

function NotFound() {
  const { texts } = useLanguage()
  return <p class="empty">{texts().errors.notFound}</p>
}
