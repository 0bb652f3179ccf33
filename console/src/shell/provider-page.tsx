/** What surrounds the pages of the provider: the customers, and the provider's own keys and audit. */
import type { RouteSectionProps } from '@solidjs/router'
import { createEffect } from 'solid-js'
import { useLanguage } from '../i18n/language.tsx'
import { useSession } from '../session/session.tsx'
import { pagesOf } from './pages.ts'
import { Shell } from './shell.tsx'

export function ProviderPage(props: RouteSectionProps) {
  const { texts } = useLanguage()
  const session = useSession()
  createEffect(() => {
    document.title = `${texts().nav.tenants} · Hanvisa`
  })
  return (
    <Shell
      title="Hanvisa"
      pages={pagesOf(session.principal()!, { isOfTenant: false })}
      addressOf={({ page }) => `/-/${page}`}
      hasTenants={false}
    >
      {props.children}
    </Shell>
  )
}
