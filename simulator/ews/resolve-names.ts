/** ResolveNames: the directory by name or address, to whoever has signed in. */
import type { Mailbox } from '../calendar-item.ts'
import { errorResponseMessage, responseMessages, success } from './envelope.ts'
import type { RequestContext } from './request-context.ts'
import { escapeText, textAt } from './xml.ts'

const most = 100

export function resolveNames(context: RequestContext): string {
  const { operation, mailboxes, installation } = context
  const wanted = (textAt(operation, 'UnresolvedEntry') ?? '').toLowerCase().replace(/^smtp:/, '')
  const full = operation.attributes.ReturnFullContactData === 'true'
  const found =
    wanted === '' ? [] : mailboxes.list(installation.tenant).filter((each) => answers(each, wanted))
  if (found.length === 0) {
    const error = { code: 'ErrorNameResolutionNoResults', message: 'No results were found.' }
    return responseMessages('ResolveNames', [errorResponseMessage('ResolveNames', error)])
  }
  const shown = found.slice(0, most).map((mailbox) => resolution(mailbox, full))
  const whole = found.length <= most
  const set = `<m:ResolutionSet TotalItemsInView="${shown.length}" IncludesLastItemInRange="${whole}">${shown.join('')}</m:ResolutionSet>`
  if (found.length === 1) return responseMessages('ResolveNames', [success('ResolveNames', set)])
  return responseMessages('ResolveNames', [
    `<m:ResolveNamesResponseMessage ResponseClass="Warning"><m:MessageText>Multiple results were found.</m:MessageText><m:ResponseCode>ErrorNameResolutionMultipleResults</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>${set}</m:ResolveNamesResponseMessage>`
  ])
}

/** Ambiguous name resolution: the beginnings of names and addresses. */
function answers(
  { address, aliases, displayName, userPrincipalName, hosting }: Mailbox,
  wanted: string
): boolean {
  if (hosting === 'absent') return false
  const names = [address, userPrincipalName, displayName, ...displayName.split(' '), ...aliases]
  return names.some((name) => name.toLowerCase().startsWith(wanted))
}

function resolution({ displayName, address, aliases }: Mailbox, full: boolean): string {
  const entries = [`SMTP:${address}`, ...aliases.map((alias) => `smtp:${alias}`)].slice(0, 3)
  const entry = (text: string, place: number) =>
    `<t:Entry Key="EmailAddress${place + 1}">${escapeText(text)}</t:Entry>`
  const contact = `<t:Contact><t:DisplayName>${escapeText(displayName)}</t:DisplayName><t:EmailAddresses>${entries.map(entry).join('')}</t:EmailAddresses><t:ContactSource>ActiveDirectory</t:ContactSource></t:Contact>`
  return `<t:Resolution><t:Mailbox><t:Name>${escapeText(displayName)}</t:Name><t:EmailAddress>${escapeText(address)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>${full ? contact : ''}</t:Resolution>`
}
