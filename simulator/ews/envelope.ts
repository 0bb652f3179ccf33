/** SOAP as the versions write it: envelopes, faults, and the response messages inside. */

import type { ExchangeVersion } from './versions.ts'
import { escapeText, spaces } from './xml.ts'

const head = '<?xml version="1.0" encoding="utf-8"?>'
const schema =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
/** On the outermost element of a body. */
export const named = `xmlns:m="${spaces.messages}" xmlns:t="${spaces.types}"`

/** The call ends in a SOAP fault. */
export class SoapFault extends Error {
  override readonly name = 'Fault'
  readonly code: string
  readonly values: Readonly<Record<string, string>>

  constructor(code: string, message: string, values: Readonly<Record<string, string>> = {}) {
    super(message)
    this.code = code
    this.values = values
  }
}

/** One response message ends in an error, and the others of the call do not. */
export class ItemError extends Error {
  override readonly name = 'ItemError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export function soapResponse(version: ExchangeVersion, body: string): string {
  if (version.build[0] === 8) {
    return `${head}<soap:Envelope xmlns:soap="${spaces.soap}" ${schema}><soap:Header>${serverInfo(version, 't')}</soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`
  }
  return `${head}<s:Envelope xmlns:s="${spaces.soap}"><s:Header>${serverInfo(version, 'h')}</s:Header><s:Body ${schema}>${body}</s:Body></s:Envelope>`
}

/** In a stream each stands alone, and looks unlike any other answer. `between` stands between header and body. */
export function streamedEnvelope(version: ExchangeVersion, body: string, between = ''): string {
  return `${head}<Envelope xmlns="${spaces.soap}"><soap11:Header xmlns:soap11="${spaces.soap}">${serverInfo(version, '')}</soap11:Header>${between}<soap11:Body xmlns:soap11="${spaces.soap}">${body}</soap11:Body></Envelope>`
}

/** No header but with 2007, whose faults have soap's own code outside. */
export function faultEnvelope(version: ExchangeVersion, { code, message, values }: SoapFault): string {
  const text = escapeText(message)
  const list = Object.entries(values).map(
    ([name, value]) => `<t:Value Name="${name}">${escapeText(value)}</t:Value>`
  )
  const xml =
    list.length === 0 ? '' : `<t:MessageXml xmlns:t="${spaces.types}">${list.join('')}</t:MessageXml>`
  const errors = `xmlns:e="${spaces.errors}"`
  const detail = `<detail><e:ResponseCode ${errors}>${code}</e:ResponseCode><e:Message ${errors}>${text}</e:Message>${xml}</detail>`
  if (version.build[0] === 8) {
    const fault = `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring>${detail}</soap:Fault>`
    return soapResponse(version, fault)
  }
  return `${head}<s:Envelope xmlns:s="${spaces.soap}"><s:Body><s:Fault><faultcode xmlns:a="${spaces.types}">a:${code}</faultcode><faultstring xml:lang="en-US">${text}</faultstring>${detail}</s:Fault></s:Body></s:Envelope>`
}

/** What the availability service of 2007 says instead: no code, but a number. */
export function numberedFault(version: ExchangeVersion, message: string, number: number): string {
  return soapResponse(
    version,
    `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${escapeText(message)}</faultstring><detail><ErrorCode xmlns="${spaces.messages}">${number}</ErrorCode></detail></soap:Fault>`
  )
}

export function responseMessages(operation: string, messages: readonly string[]): string {
  return `<m:${operation}Response ${named}><m:ResponseMessages>${messages.join('')}</m:ResponseMessages></m:${operation}Response>`
}

export function success(operation: string, content: string): string {
  return `<m:${operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>${content}</m:${operation}ResponseMessage>`
}

/** `rest` is what the operation's message holds even then. */
export function errorResponseMessage(
  operation: string,
  { code, message }: { code: string; message: string },
  rest = '',
  values: Readonly<Record<string, string>> = {}
): string {
  const list = Object.entries(values).map(
    ([name, value]) => `<t:Value Name="${name}">${escapeText(value)}</t:Value>`
  )
  const xml = list.length === 0 ? '' : `<m:MessageXml>${list.join('')}</m:MessageXml>`
  return `<m:${operation}ResponseMessage ResponseClass="Error"><m:MessageText>${escapeText(message)}</m:MessageText><m:ResponseCode>${code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>${xml}${rest}</m:${operation}ResponseMessage>`
}

/** The message, or the failure in its place. */
export function attempt(operation: string, rest: string, make: () => string): string {
  try {
    return success(operation, make())
  } catch (error) {
    if (error instanceof ItemError) return errorResponseMessage(operation, error, rest)
    throw error
  }
}

function serverInfo({ build, label }: ExchangeVersion, prefix: 't' | 'h' | ''): string {
  const [major, minor, buildNumber, revision] = build
  const name = prefix === '' ? 'ServerVersionInfo' : `${prefix}:ServerVersionInfo`
  const own = prefix === '' ? `xmlns="${spaces.types}"` : `xmlns:${prefix}="${spaces.types}"`
  const rest = prefix === 'h' ? ` xmlns="${spaces.types}" ${schema}` : ''
  const version = label === null ? '' : ` Version="${label}"`
  return `<${name} MajorVersion="${major}" MinorVersion="${minor}" MajorBuildNumber="${buildNumber}" MinorBuildNumber="${revision}"${version} ${own}${rest}/>`
}
