/** Plain old XML: one address, and the protocols that lead to its mailbox. */

import type { Mailbox } from '../calendar-item.ts'
import type { ProtocolResponse } from '../protocol-message.ts'
import { type Discovery, redirectFor } from './autodiscover-parts.ts'
import { xmlAnswer } from './injected-faults.ts'
import { descendantAt, escapeText, textAt, type XmlElement } from './xml.ts'

const outer = 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006'
const inner = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'

export function poxAddress(document: XmlElement): string {
  return textAt(document, 'Request', 'EMailAddress') ?? ''
}

export function poxAnswer(discovery: Discovery): ProtocolResponse {
  const { document, installation, mailboxes } = discovery
  const address = poxAddress(document)
  if (!descendantAt(document, 'Request') || address === '') return failed(discovery, 600, 'Invalid Request')
  if (textAt(document, 'Request', 'AcceptableResponseSchema') !== inner) {
    return failed(discovery, 601, 'Provider is not available')
  }
  const away = redirectFor(installation, address)
  if (away !== undefined) {
    return away.includes('://')
      ? account(`<Action>redirectUrl</Action><RedirectUrl>${escapeText(away)}</RedirectUrl>`)
      : account(`<Action>redirectAddr</Action><RedirectAddr>${escapeText(away)}</RedirectAddr>`)
  }
  const mailbox = mailboxes.find(installation.tenant, address)
  if (!mailbox || mailbox.hosting === 'absent')
    return failed(discovery, 500, "The email address can't be found.")
  return account(settings(discovery), user(mailbox))
}

function user({ displayName, objectId, address }: Mailbox): string {
  return `<User><DisplayName>${escapeText(displayName)}</DisplayName><LegacyDN>/o=Hanvisa/cn=Recipients/cn=${objectId}</LegacyDN><AutoDiscoverSMTPAddress>${escapeText(address)}</AutoDiscoverSMTPAddress><DeploymentId>${objectId}</DeploymentId></User>`
}

/** 2007 calls it ASUrl alone. */
function settings({ installation, url }: Discovery): string {
  const shown = escapeText(url)
  const urls = `<ASUrl>${shown}</ASUrl>${installation.version.build[0] > 8 ? `<EwsUrl>${shown}</EwsUrl>` : ''}`
  const protocols = ['EXCH', 'EXPR'].map(
    (type) => `<Protocol><Type>${type}</Type><Server>ex01.hanvisa.example</Server>${urls}</Protocol>`
  )
  const web = `<Protocol><Type>WEB</Type><Internal><OWAUrl AuthenticationMethod="Basic, Fba">${shown.replace(/\/EWS\/.*$/, '/owa/')}</OWAUrl><Protocol><Type>EXCH</Type><ASUrl>${shown}</ASUrl></Protocol></Internal></Protocol>`
  return `<AccountType>email</AccountType><Action>settings</Action><MicrosoftOnline>False</MicrosoftOnline>${protocols.join('')}${web}`
}

function account(content: string, before = ''): ProtocolResponse {
  return written(`<Response xmlns="${inner}">${before}<Account>${content}</Account></Response>`)
}

function failed({ now }: Discovery, code: number, message: string): ProtocolResponse {
  const time = new Date(now).toISOString().slice(11, 23)
  return written(
    `<Response><Error Time="${time}0000" Id="2477272013"><ErrorCode>${code}</ErrorCode><Message>${escapeText(message)}</Message><DebugData/></Error></Response>`
  )
}

function written(content: string): ProtocolResponse {
  return xmlAnswer(
    200,
    `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="${outer}">${content}</Autodiscover>`
  )
}
