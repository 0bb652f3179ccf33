/** What surrounds every page of a customer: its name, its pages, and whether what one sees is current. */
import type { RouteSectionProps } from '@solidjs/router'
import type { ParentProps } from 'solid-js'
import { useSession } from '../session/session.tsx'
import { ConnectionState } from './connection-state.tsx'
import { pagesOf } from './pages.ts'
import { Shell } from './shell.tsx'
import { TenantProvider, useTenant } from './tenant.tsx'

export function TenantPage(props: RouteSectionProps) {
  return (
    <TenantProvider tenant={decodeURIComponent(props.params.tenant ?? '')}>
      <TenantShell>{props.children}</TenantShell>
    </TenantProvider>
  )
}

function TenantShell(props: ParentProps) {
  const { tenant, name } = useTenant()
  const session = useSession()
  const principal = () => session.principal()!
  const isAlone = () => principal().role === 'softphone' && !principal().colleagues
  return (
    <Shell
      title={name()}
      pages={isAlone() ? [] : pagesOf(principal(), { isOfTenant: true })}
      addressOf={({ page }) => `/${encodeURIComponent(tenant())}/${page}`}
      hasTenants={principal().tenant === null}
      state={<ConnectionState />}
    >
      {props.children}
    </Shell>
  )
}
