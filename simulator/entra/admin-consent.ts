/**
 * The admin consent endpoint, with an administrator who answers at once: learn.microsoft.com/entra/identity-platform/v2-admin-consent,
 * "Successful response" and "Error response" (which has `admin_consent=True` too).
 */
import type { EntraDirectories, EntraDirectory } from '../directories.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'

export function adminConsent(
  { directories }: { readonly directories: EntraDirectories },
  { method, query, segments }: ProtocolRequest
): ProtocolResponse {
  const clientId = query.get('client_id') ?? ''
  const scope = query.get('scope') ?? ''
  const redirectUri = query.get('redirect_uri') ?? ''
  const [name = ''] = segments
  const asked = (directory: EntraDirectory) =>
    directory.input.apps?.find((app) => app.clientId.toLowerCase() === clientId.toLowerCase())
  const directory =
    name === 'organizations'
      ? directories.list().find((each) => asked(each)?.adminConsent !== undefined)
      : directories.find(name)
  const app = directory && asked(directory)
  // Entra shows a page instead of sending the browser back where it cannot know that it may.
  if (method !== 'GET' || !URL.canParse(redirectUri)) return page('AADSTS900971: No reply address provided.')
  if (!directory || !app) return page('AADSTS700016: Application not found in the directory.')
  // "Application permissions" are asked for by /.default alone.
  if (!scope.endsWith('/.default')) return page('AADSTS70011: The provided value for scope is not valid.')

  const back = new URL(redirectUri)
  back.searchParams.set('admin_consent', 'True')
  back.searchParams.set('tenant', directory.id)
  const state = query.get('state')
  if (state !== null) back.searchParams.set('state', state)
  const { answer, roles = ['Calendars.Read'] } = app.adminConsent ?? { answer: 'decline' as const }
  if (answer === 'decline') {
    back.searchParams.set('error', 'consent_required')
    back.searchParams.set(
      'error_description',
      'AADSTS65004: The resource owner or authorization server denied the request.'
    )
  } else {
    back.searchParams.set('scope', scope)
    const apps = directory.input.apps?.map((each) => (each === app ? { ...each, roles } : each)) ?? []
    directories.put({ ...directory.input, apps })
  }
  return { status: 302, headers: { Location: back.href }, body: Buffer.alloc(0) }
}

function page(text: string): ProtocolResponse {
  return { status: 400, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: Buffer.from(text) }
}
