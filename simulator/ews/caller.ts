/** For whom a call is made: the account itself, or whoever it may impersonate. */

import type { Mailbox } from '../calendar-item.ts'
import type { EntraDirectories } from '../directories.ts'
import { ewsRefusal } from '../hosting.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Grant } from '../tokens.ts'
import { SoapFault } from './envelope.ts'
import { errorPage } from './injected-faults.ts'
import type { Account, ExchangeInstallation } from './installations.ts'
import type { Caller } from './request-context.ts'
import { type ExchangeSchema, supports } from './versions.ts'
import { descendantAt, type XmlElement } from './xml.ts'

interface Needs {
  readonly installation: ExchangeInstallation
  readonly mailboxes: Mailboxes
  readonly directories: EntraDirectories
  readonly who: Account | Grant
  readonly header: XmlElement | undefined
  readonly schema: ExchangeSchema
  readonly operation: XmlElement
  readonly call: ProtocolRequest
}

/** Throws Faults; an Answer is what the front end says before EWS is reached. */
export function callerOf(deps: Needs): Caller | ProtocolResponse {
  const { installation, mailboxes, who, header, operation, call } = deps
  const account = 'clientId' in who ? who.clientId : who.address
  const impersonation = descendantAt(header, 'ExchangeImpersonation')
  const token = 'clientId' in who
  if (token && !who.roles.includes('full_access_as_app')) {
    return errorPage(403, 'Forbidden', {
      'x-ms-diagnostics':
        '2000008;reason="The token contains not enough scope to make this call.";error_category="invalid_grant"'
    })
  }
  // The binding of 2007 has no such header for it: the account's own rights count.
  const unheard =
    !supports(installation.version.schema, 'Exchange2010') && operation.name === 'GetUserAvailabilityRequest'
  if (!impersonation || unheard) {
    if (token) {
      throw new SoapFault(
        'ErrorInvalidExchangeImpersonationHeaderData',
        'ExchangeImpersonation SOAP header must be present for this type of OAuth token.'
      )
    }
    const address = (who as Account).address
    return {
      address,
      mailbox: mailboxes.find(installation.tenant, address) ?? null,
      impersonated: false,
      account
    }
  }
  if ((token || installation.anchored) && !call.headers['x-anchormailbox']) {
    return errorPage(503, 'The service is unavailable.', { 'X-CasErrorCode': 'AnchorMailboxMissing' })
  }
  const mailbox = impersonated(deps, impersonation)
  if (!mayImpersonate(deps, mailbox)) {
    const denied =
      !supports(installation.version.schema, 'Exchange2010') && !token && isNobody(who as Account)
    throw new SoapFault(
      denied ? 'ErrorImpersonationDenied' : 'ErrorImpersonateUserDenied',
      'The account does not have permission to impersonate the requested user.'
    )
  }
  return { address: mailbox.address.toLowerCase(), mailbox, impersonated: true, account }
}

function impersonated({ installation, mailboxes, schema }: Needs, header: XmlElement): Mailbox {
  const names = descendantAt(header, 'ConnectingSID')?.children ?? []
  const [named] = names
  const kinds = [
    'PrincipalName',
    'SID',
    'PrimarySmtpAddress',
    // 2007's schema has no such element.
    ...(supports(installation.version.schema, 'Exchange2010') && supports(schema, 'Exchange2010')
      ? ['SmtpAddress']
      : [])
  ]
  if (names.length !== 1 || named === undefined || !kinds.includes(named.name)) {
    throw new SoapFault(
      'ErrorSchemaValidation',
      'The request failed schema validation: ConnectingSID must hold one name of a kind that this version knows.'
    )
  }
  if (named.text === '' || named.name === 'SID') {
    throw new SoapFault(
      'ErrorInvalidExchangeImpersonationHeaderData',
      'The ExchangeImpersonation header is invalid.'
    )
  }
  const wanted = named.text.toLowerCase()
  const mailbox = mailboxes.find(installation.tenant, wanted)
  const principal = mailbox?.userPrincipalName.toLowerCase() === wanted
  const refusal = ewsRefusal(mailbox?.hosting)
  if (refusal !== null) throw new SoapFault(refusal.code, refusal.message)
  if (!mailbox || (named.name === 'PrincipalName') !== (principal && named.name === 'PrincipalName')) {
    throw new SoapFault('ErrorNonExistentMailbox', 'The SMTP address has no mailbox associated with it.')
  }
  if (named.name === 'PrimarySmtpAddress' && mailbox.address.toLowerCase() !== wanted) {
    throw new SoapFault(
      'ErrorNonPrimarySmtpAddress',
      'The primary SMTP address must be specified when referencing a mailbox.'
    )
  }
  return mailbox
}

/** By the account's scope; of an application by its own. */
function mayImpersonate({ who, directories }: Needs, mailbox: Mailbox): boolean {
  const address = mailbox.address.toLowerCase()
  if (!('clientId' in who)) return who.impersonates === 'everybody' || who.impersonates.has(address)
  const app = directories.find(who.tenant)?.apps.get(who.clientId.toLowerCase())
  return app !== undefined && (app.mailboxes === null || app.mailboxes.has(address))
}

function isNobody({ impersonates }: Account): boolean {
  return impersonates !== 'everybody' && impersonates.size === 0
}
