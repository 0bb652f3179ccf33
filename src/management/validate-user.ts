/** Everything that is wrong with a user beyond the shape. */
import { type RuleSet, validateTriggers } from '../domain/rule-set.ts'
import type { FieldFault } from '../errors.ts'
import { isUrl } from '../storage/secrets/connection-secrets.ts'
import { officeHoursErrors, surrogateErrors, timeZoneErrors } from './tenants.ts'
import type { UserFields } from './user-fields.ts'

/** `stored`: the mailbox as it is shown now. */
export function validateUser(fields: UserFields, stored: string | null, rules: RuleSet): FieldFault[] {
  const { displayName, mailbox, owner, timeZone, officeHours, triggers } = fields
  return [
    ...surrogateErrors('displayName', displayName),
    ...(typeof mailbox === 'string' && mailbox !== stored ? validateMailbox(mailbox) : []),
    ...(typeof owner === 'string' ? validateOwner(owner) : []),
    ...(typeof timeZone === 'string' ? timeZoneErrors(timeZone) : []),
    ...(officeHours == null ? [] : officeHoursErrors(officeHours, rules.diversions)),
    ...(triggers === undefined ? [] : validateTriggers(triggers, rules.diversions))
  ]
}

export function validateIdInBody(id: string, stated: string | undefined): FieldFault[] {
  return stated === undefined || stated === id
    ? []
    : [{ field: 'user', message: `must be "${id}" as in the address, or be left out` }]
}

function validateMailbox(mailbox: string): FieldFault[] {
  const fault = (message: string) => [{ field: 'mailbox', message }]
  if (!mailbox.isWellFormed()) return surrogateErrors('mailbox', mailbox)
  if (mailbox.trim() !== mailbox) return fault('begins or ends with white space: take it away')
  if (/\p{Cc}/u.test(mailbox)) return fault('holds a control character: take it away')
  if (!isUrl(mailbox)) {
    return isUrlWithoutScheme(mailbox)
      ? fault(
          'looks like a URL without its beginning: write it whole, from https:// on (it is then kept sealed, as a secret); a file below the calendar folder is named without a host'
        )
      : []
  }
  if (mailbox.endsWith('/…'))
    return fault('is a URL as we show it, of another than is stored: write the whole URL')
  const url = URL.canParse(mailbox) ? new URL(mailbox) : null
  return url !== null && ['https:', 'http:', 'webcal:'].includes(url.protocol) && url.host !== ''
    ? []
    : fault('is no URL that can be read: write one that begins with https://')
}

/** `//host/x`, `calendar.example.se/secret.ics`, `calendar.example.se:8443/x`, `https:/host/x`, `webcal:host/x`. A file's folder has no dot. */
function isUrlWithoutScheme(mailbox: string): boolean {
  if (/^[/\\]{2}/.test(mailbox) || /^(https?|webcals?|feed|ftp)[:/\\]/i.test(mailbox)) return true
  return /^(?!\.{1,2}[/\\])(\[[0-9a-f:.]+\]|[^/\\@:]*\.[^/\\@:]+|localhost)(:\d{1,5})?[/\\?#]/i.test(mailbox)
}

function validateOwner(owner: string): FieldFault[] {
  return /^[^\s\p{C}@]+@[^\s\p{C}@]+$/u.test(owner) && owner.isWellFormed()
    ? []
    : [{ field: 'owner', message: 'is no e-mail address: write one such as "anna@acme.example"' }]
}
