/** What is wrong with a connection to EWS, told when it is put; and what it may leave out, filled in. */
import { X509Certificate } from 'node:crypto'
import type { EwsConnection } from '../connectors/connection.ts'
import { autodiscoverFault, ewsUrlFault } from '../connectors/ews-url.ts'
import type { FieldFault } from '../errors.ts'
import type { PutConnectionBody, PutEwsConnectionBody } from './connection-body.ts'

export function validateEws(body: PutConnectionBody): FieldFault[] {
  if (body.kind !== 'ews') return []
  const faults: FieldFault[] = []
  const addFault = (field: string, message: string | null) => {
    if (message !== null) faults.push({ field, message })
  }
  const { url, autodiscover, allowRetiringEws = false, ca, auth } = body
  if (url === undefined && autodiscover === undefined) {
    addFault(
      'url',
      'is missing: write https://mail.example.se/EWS/Exchange.asmx, or a mail address in "autodiscover"'
    )
  } else if (url !== undefined && autodiscover !== undefined) {
    addFault('autodiscover', 'stands beside "url": state one of the two')
  }
  if (url !== undefined) addFault('url', ewsUrlFault(url, allowRetiringEws))
  if (autodiscover !== undefined) addFault('autodiscover', autodiscoverFault(autodiscover, allowRetiringEws))
  if (ca !== undefined && !isCertificate(ca)) {
    addFault('ca', 'is no X.509 certificate in PEM: paste the .pem file of the authority, or of the server')
  }
  if (auth.kind === 'oauth' && auth.resource === undefined && url === undefined) {
    addFault(
      'auth/resource',
      'is missing: with "autodiscover" it says what the token is for (https://mail.example.se)'
    )
  }
  // App-only tokens are refused without the header (how-to-authenticate-an-ews-application-by-using-oauth).
  if (auth.kind === 'oauth' && body.access !== 'impersonation') {
    addFault(
      'access',
      'must be "impersonation" with oauth: an application has no rights of its own in calendars'
    )
  }
  return faults
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

/** As it is kept, but for secrets that it leaves out. */
export function completeEws(body: PutEwsConnectionBody, usualPoll: number): EwsConnection {
  const { secrets: _, access = 'delegate', version = 'auto', pollSeconds = usualPoll, ...rest } = body
  // What passed the schema, without secrets that are held already: those are added by who calls.
  return { ...rest, access, version, pollSeconds } as EwsConnection
}

/** The member whose secret is lacking. */
export function missingEwsSecret({ auth }: PutEwsConnectionBody): string {
  return auth.kind === 'oauth' ? 'auth/clientSecret' : 'auth/password'
}
