/** Where common CalDAV servers keep a user's calendars, as templates of their address below the server's. */

/**
 * `{mailbox}` is the user's mailbox whole, `{user}` and `{domain}` what stands before and after its `@`, `{account}` the account
 * that signs in. Each names one calendar, or the folder of a user's calendars.
 */
export const caldavPresets = {
  /** SOGo 5: the personal calendar. */
  sogo: '/SOGo/dav/{mailbox}/Calendar/personal/',
  /** Radicale 3: all calendars of the user. */
  radicale: '/{mailbox}/',
  /** Cyrus 3.6: redirects to `…/user/{account}/{mailbox}.Default/` where the calendar is another's. */
  cyrus: '/dav/calendars/user/{mailbox}/Default/',
  /** A calendar that was shared with the account appears in the account's own folder under this name. */
  nextcloud: '/remote.php/dav/calendars/{account}/personal_shared_by_{mailbox}/',
  baikal: '/dav.php/calendars/{mailbox}/',
  zimbra: '/dav/{mailbox}/Calendar/',
  kerio: '/full-calendars/{domain}/{user}/'
} as const

export type CaldavPreset = keyof typeof caldavPresets
export const caldavPresetNames = Object.keys(caldavPresets) as CaldavPreset[]

export const templateVariables = ['mailbox', 'user', 'domain', 'account'] as const

/** The template of a preset below the server's address, which may have a path of its own (`https://example.se/nextcloud/`). */
export function presetTemplate(preset: CaldavPreset, serverUrl: string): string {
  const template: string = caldavPresets[preset]
  const path = new URL(serverUrl).pathname.replace(/\/+$/, '')
  const [, first = ''] = /^\/([^/{]+)\//.exec(template) ?? []
  // An address may already lead to the service: `https://example.se/SOGo/dav/`.
  const at = first === '' ? -1 : `${path}/`.indexOf(`/${first}/`)
  return (at < 0 ? path : path.slice(0, at)) + template
}

/** What is wrong with a template that an operator wrote, to complete a field's message; null: nothing. */
export function templateFault(template: string): string | null {
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!)
  const unknown = names.find((name) => !(templateVariables as readonly string[]).includes(name))
  if (unknown !== undefined) {
    return 'holds an unknown name in braces: there are {mailbox}, {user}, {domain} and {account}'
  }
  if (!names.includes('mailbox') && !names.includes('user')) {
    return 'names no user: write {mailbox}, or {user} (what stands before the @), where the user stands in it'
  }
  return null
}

/** The path or address for one user, percent-encoded; null where the mailbox has no domain and one is needed. */
export function fillTemplate(template: string, mailbox: string, account: string): string | null {
  const at = mailbox.lastIndexOf('@')
  if (template.includes('{domain}') && at < 0) return null
  const values: Readonly<Record<string, string>> = {
    mailbox,
    user: at < 0 ? mailbox : mailbox.slice(0, at),
    domain: mailbox.slice(at + 1),
    account
  }
  return template.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => encodePathSegment(values[name] ?? ''))
}

/** Never a dot segment, which would lead out of the folder. An `@` stays as it is (RFC 3986 section 3.3). */
function encodePathSegment(text: string): string {
  if (text === '' || text === '.' || text === '..') return '%00'
  return encodeURIComponent(text).replaceAll('%40', '@')
}
