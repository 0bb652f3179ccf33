/** The PowerShell commands of the guides, with the customer's own values, to be pasted as they are. */

/** Single-quoted: nothing in it is expanded. PowerShell takes typographic quotation marks for quotation marks too (about_Quoting_Rules). */
function quoted(argument: string): string {
  return `'${argument.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}

export interface ScopeNames {
  /** The mail-enabled group whose members may be read. */
  readonly group: string
  /** A mailbox in it, and one outside. */
  readonly member: string
  readonly outsider: string
}

export function rbacCommands(
  app: { readonly clientId: string; readonly objectId: string },
  { group, member, outsider }: ScopeNames
): string {
  const name = quoted(group)
  const id = quoted(app.objectId)
  const test = (mailbox: string) =>
    `Test-ServicePrincipalAuthorization -Identity ${id} -Resource ${quoted(mailbox)} | Format-Table RoleName, InScope`
  return [
    'Connect-ExchangeOnline',
    `$group = Get-DistributionGroup -Identity ${name}`,
    `New-ServicePrincipal -AppId ${quoted(app.clientId)} -ObjectId ${id} -DisplayName 'Hanvisa'`,
    `New-ManagementScope -Name ${name} -RecipientRestrictionFilter "MemberOfGroup -eq '$($group.DistinguishedName)'"`,
    `New-ManagementRoleAssignment -App ${id} -Role 'Application Calendars.Read' -CustomResourceScope ${name}`,
    test(member),
    test(outsider)
  ].join('\n')
}

/** Reviewer on every calendar, whatever its folder is called in the owner's language. */
export function reviewerCommands(account: string): string {
  return `Get-Mailbox -ResultSize Unlimited -RecipientTypeDetails UserMailbox | ForEach-Object {
  $owner = $_.PrimarySmtpAddress.ToString()
  Get-MailboxFolderStatistics -Identity $owner -FolderScope Calendar |
    Where-Object { $_.FolderType -eq 'Calendar' } |
    ForEach-Object {
      Add-MailboxFolderPermission -Identity ($owner + ':' + $_.FolderId) -User ${quoted(account)} -AccessRights Reviewer
    }
}`
}

export function impersonationCommands(account: string, group: string): string {
  const name = quoted(group)
  return [
    `$group = Get-DistributionGroup -Identity ${name}`,
    `New-ManagementScope -Name ${name} -RecipientRestrictionFilter "MemberOfGroup -eq '$($group.DistinguishedName)'"`,
    `New-ManagementRoleAssignment -Name 'Hanvisa' -Role ApplicationImpersonation -User ${quoted(account)} -CustomRecipientWriteScope ${name}`,
    'Get-ManagementRoleAssignment -Role ApplicationImpersonation -GetEffectiveUsers'
  ].join('\n')
}

/** Exchange 2007 knows neither permissions of folders by command nor roles. */
export function fullAccessCommands2007(account: string): string {
  return `Get-Mailbox -ResultSize Unlimited -RecipientTypeDetails UserMailbox |
  Add-MailboxPermission -User ${quoted(account)} -AccessRights FullAccess`
}

export function impersonationCommands2007(account: string): string {
  const grant = (right: string) =>
    `Add-ADPermission -Identity $_.DistinguishedName -User ${quoted(account)} -ExtendedRights ${right}`
  return [
    'Get-ExchangeServer | Where-Object { $_.IsClientAccessServer } | ForEach-Object {',
    `  ${grant('ms-Exch-EPI-Impersonation')}`,
    '}',
    'Get-MailboxDatabase | ForEach-Object {',
    `  ${grant('ms-Exch-EPI-May-Impersonate')}`,
    '}'
  ].join('\n')
}

export const ewsAddressCommand =
  'Get-WebServicesVirtualDirectory | Format-List Server, InternalUrl, ExternalUrl, *Authentication'

const logins: Readonly<Record<string, string>> = {
  global: 'https://login.microsoftonline.com',
  usgov: 'https://login.microsoftonline.us',
  dod: 'https://login.microsoftonline.us',
  china: 'https://login.partner.microsoftonline.cn'
}

/** Where an administrator consents to an application of the customer's own; null until both ids are there. */
export function adminConsentUrl(cloud: string, tenantId: string, clientId: string): string | null {
  const login = logins[cloud]
  if (login === undefined || tenantId.trim() === '' || clientId.trim() === '') return null
  return `${login}/${encodeURIComponent(tenantId.trim())}/adminconsent?client_id=${encodeURIComponent(clientId.trim())}`
}
