/** Which addresses an EWS connection may have: checked when the connection is put, and again when Autodiscover finds one. */

/** Microsoft's clouds, where EWS is blocked since 1 October 2026 and ends on 1 April 2027. */
const online =
  /(^|\.)(outlook\.com|office365\.com|office\.com|office365\.us|outlook\.us|outlook\.cn|office\.de|office\.cn|onmicrosoft\.(com|us|cn|de))$/i

/** Mail domains of Microsoft's own; a customer's domain shows only by where Autodiscover leads. */
const onlineMail = /(^|\.)(hotmail\.com|live\.com|msn\.com)$/i

export function isExchangeOnline(host: string): boolean {
  return online.test(host.replace(/\.$/, ''))
}

export const onlineIsRetired =
  'EWS is blocked in Exchange Online since 1 October 2026 and ends on 1 April 2027: connect by Microsoft Graph instead (kind "graph"); a tenant that Microsoft still lets in says "allowRetiringEws": true'

/** What is wrong with the URL of an EWS connection, to stand after its name; null where nothing is. */
export function ewsUrlFault(written: string, allowRetiring: boolean): string | null {
  if (!URL.canParse(written)) return 'is no address: write https://mail.example.se/EWS/Exchange.asmx'
  const url = new URL(written)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'holds a password: put it into auth'
  if (url.search !== '' || url.hash !== '') return 'must end with its path: take ? and # away'
  if (isExchangeOnline(url.hostname) && !allowRetiring) return onlineIsRetired
  if (!/\.asmx$/i.test(url.pathname)) {
    return 'must end in .asmx: only /EWS/Exchange.asmx takes EWS calls, and the address of Outlook on the web (/owa) asks people to sign in'
  }
  return null
}

/** What is wrong with the address that Autodiscover is to start from; null where nothing is. */
export function autodiscoverFault(address: string, allowRetiring: boolean): string | null {
  const domain = /^[^\s@<>"]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i.exec(address)?.[1]
  if (domain === undefined) return 'is no mail address: write that of any mailbox, as svc@example.se'
  const retired = isExchangeOnline(domain) || onlineMail.test(domain)
  return retired && !allowRetiring ? onlineIsRetired : null
}
