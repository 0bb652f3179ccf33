/** GetUserSettings of the SOAP Autodiscover service, for several users at once. */

import type { Mailbox } from '../calendar-item.ts'
import type { ProtocolResponse } from '../protocol-message.ts'
import { serverOfMailbox } from './affinity.ts'
import { type Discovery, redirectFor } from './autodiscover-parts.ts'
import { xmlAnswer } from './injected-faults.ts'
import { type ExchangeVersion, exchangeSchemas, supports } from './versions.ts'
import { all, descendantAt, escapeText, spaces, textAt, type XmlElement } from './xml.ts'

const space = 'http://schemas.microsoft.com/exchange/2010/Autodiscover'
const nil = '<RedirectTarget i:nil="true"/>'

export function soapAddresses(document: XmlElement): string[] {
  const users = descendantAt(request(document), 'Request', 'Users')
  return all(users, 'User').map((user) => textAt(user, 'Mailbox') ?? '')
}

function request(document: XmlElement): XmlElement | undefined {
  return descendantAt(document, 'Body', 'GetUserSettingsRequestMessage')
}

export function soapAnswer(discovery: Discovery): ProtocolResponse {
  const { document, installation } = discovery
  const { version } = installation
  const message = request(document)
  const addresses = soapAddresses(document)
  if (!message || addresses.length === 0 || !textAt(document, 'Header', 'RequestedServerVersion')) {
    return xmlAnswer(
      200,
      written(
        version,
        '<ErrorCode>InvalidRequest</ErrorCode><ErrorMessage>The request is invalid.</ErrorMessage><UserResponses/>'
      )
    )
  }
  const settings = all(descendantAt(message, 'Request', 'RequestedSettings'), 'Setting').map(
    ({ text }) => text
  )
  const responses = addresses.map(
    (address) => `<UserResponse>${userResponse(discovery, address, settings)}</UserResponse>`
  )
  return xmlAnswer(
    200,
    written(
      version,
      `<ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses>${responses.join('')}</UserResponses>`
    )
  )
}

/** The whole answer is an error, such as ServerBusy. */
export function busySoap({ installation }: Discovery, code: string): string {
  const bare = code.replace(/^Error/, '')
  return written(
    installation.version,
    `<ErrorCode>${escapeText(bare)}</ErrorCode><ErrorMessage>The server is too busy to process the request.</ErrorMessage><UserResponses i:nil="true"/>`
  )
}

function userResponse(discovery: Discovery, address: string, settings: readonly string[]): string {
  const empty = '<UserSettingErrors/><UserSettings/>'
  const away = redirectFor(discovery.installation, address)
  if (away !== undefined) {
    const code = away.includes('://') ? 'RedirectUrl' : 'RedirectAddress'
    return `<ErrorCode>${code}</ErrorCode><ErrorMessage>Redirection ${code === 'RedirectUrl' ? 'Url' : 'address'}.</ErrorMessage><RedirectTarget>${escapeText(away)}</RedirectTarget>${empty}`
  }
  const { mailboxes, installation } = discovery
  const mailbox = mailboxes.find(installation.tenant, address)
  if (!mailbox || mailbox.hosting === 'absent') {
    return `<ErrorCode>InvalidUser</ErrorCode><ErrorMessage>Invalid user: '${escapeText(address)}'</ErrorMessage>${nil}${empty}`
  }
  const known = valuesOf(discovery, mailbox)
  const missing = settings.filter((name) => !Object.hasOwn(known, name))
  const errors = missing.map(
    (name) =>
      `<UserSettingError><ErrorCode>SettingIsNotAvailable</ErrorCode><ErrorMessage>The requested setting is not available.</ErrorMessage><SettingName>${escapeText(name)}</SettingName></UserSettingError>`
  )
  const found = settings.flatMap((name) => {
    const value = Object.hasOwn(known, name) ? known[name] : undefined
    return value === undefined
      ? []
      : [
          `<UserSetting i:type="StringSetting"><Name>${name}</Name><Value>${escapeText(value)}</Value></UserSetting>`
        ]
  })
  return `<ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage>${nil}<UserSettingErrors>${errors.join('')}</UserSettingErrors><UserSettings>${found.join('')}</UserSettings>`
}

function valuesOf(
  { installation: { version, servers }, url }: Discovery,
  mailbox: Mailbox
): Record<string, string> {
  const group = 'Recipients/cn='
  return {
    UserDisplayName: mailbox.displayName,
    UserDN: `/o=Hanvisa/ou=Exchange Administrative Group/cn=${group}${mailbox.objectId}`,
    UserDeploymentId: mailbox.objectId,
    AutoDiscoverSMTPAddress: mailbox.address,
    InternalEwsUrl: url,
    ExternalEwsUrl: url,
    EwsSupportedSchemas: exchangeSchemas.filter((schema) => supports(version.schema, schema)).join(', '),
    CasVersion: version.build.join('.'),
    ...(version.build[0] >= 15
      ? { GroupingInformation: `ex0${serverOfMailbox(servers, mailbox.address) + 1}` }
      : {})
  }
}

function written({ build, schema }: ExchangeVersion, content: string): string {
  const [major, minor, number, revision] = build
  return `<s:Envelope xmlns:s="${spaces.soap}" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">${space}/Autodiscover/GetUserSettingsResponse</a:Action><h:ServerVersionInfo xmlns:h="${space}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><h:MajorVersion>${major}</h:MajorVersion><h:MinorVersion>${minor}</h:MinorVersion><h:MajorBuildNumber>${number}</h:MajorBuildNumber><h:MinorBuildNumber>${revision}</h:MinorBuildNumber><h:Version>${schema}</h:Version></h:ServerVersionInfo></s:Header><s:Body><GetUserSettingsResponseMessage xmlns="${space}"><Response xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${content}</Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>`
}
