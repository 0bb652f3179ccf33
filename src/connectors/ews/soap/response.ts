/** The envelope of a reply: the server's version, what it refuses, and what one operation answers. */
import { RemoteError } from '../../../errors.ts'
import { readXml, type Visitor, type XmlOptions } from '../../net/xml-reader.ts'
import { invalidReply, soapDialect } from './soap-dialect.ts'

/** What the server says of one thing that was asked for: `NoError`, or why not. */
export interface ResponseStatus {
  readonly code: string
  /** Within ErrorInternalServerError. */
  readonly inner: string | null
  /** Milliseconds that the budget's owner must wait. */
  readonly backOffMs: number | null
}

/** `ServerVersionInfo`: 8 is 2007, 14.x is 2010 with its service pack, 15.0 is 2013, 15.1 is 2016, 15.2 is 2019 and SE. */
export interface ServerVersion {
  readonly major: number
  readonly minor: number
  readonly build: number
}

export interface SoapReply {
  readonly fault: ResponseStatus | null
  /** Null where it is missing, as from 2007 and in faults. */
  readonly server: ServerVersion | null
}

/** Reads one reply to `operation`; `answer` visits what is in the operation's response. Throws as readXml does. */
export async function readSoap(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  operation: string,
  answer: Visitor,
  options: XmlOptions = {}
): Promise<SoapReply> {
  const response = `${operation}Response`
  const fault = createStatusReader()
  let server: ServerVersion | null = null
  let part = ''
  let inside: 'nothing' | 'answer' | 'fault' = 'nothing'
  let answers = 0
  let faults = 0

  function enter(name: string): void {
    inside = name === response ? 'answer' : name === 'Fault' ? 'fault' : 'nothing'
    if (inside === 'answer') answers += 1
    else if (inside === 'fault') faults += 1
    else throw invalidReply('answers another question')
  }

  const visitor: Visitor = {
    open(name, depth, attributes) {
      if (depth > 3) {
        if (inside === 'answer') answer.open(name, depth, attributes)
        else if (inside === 'fault') fault.open(name, attributes)
      } else if (depth === 3) {
        if (part === 'Body') enter(name)
        else if (name === 'ServerVersionInfo') server = serverVersion(attributes)
      } else if (depth === 2) part = name
      else if (name !== 'Envelope') throw invalidReply('is no SOAP')
    },
    close(name, depth, text) {
      if (depth > 3) {
        if (inside === 'answer') answer.close(name, depth, text)
        else if (inside === 'fault') fault.close(name, text)
      } else if (depth === 3) inside = 'nothing'
    }
  }
  await readXml(chunks, visitor, soapDialect, options)
  if (options.documents !== 'many' && answers + faults !== 1)
    throw invalidReply('holds no answer, or several')
  return { fault: faults > 0 ? fault.status() : null, server }
}

/** Collects a Verdict from faults (detail, faultcode) and from response messages (ResponseCode, MessageXml) alike. */
export function createStatusReader() {
  let code = ''
  let faultCode = ''
  let inner: string | null = null
  let backOffMs: number | null = null
  let value = ''
  return {
    open(name: string, attributes: Readonly<Record<string, string>>): void {
      if (name === 'Value') value = attributes.Name ?? ''
    },
    close(name: string, text: string): void {
      if (name === 'ResponseCode') code = codeWord(text)
      else if (name === 'faultcode') faultCode = codeWord(text.slice(text.lastIndexOf(':') + 1))
      // 2007's availability knows its faults by negative numbers.
      else if (name === 'ErrorCode' && code === '')
        code = /^\s*-?\d+\s*$/.test(text) ? faultCode : codeWord(text)
      else if (name === 'faultstring' && code === '' && text.includes('.AccessDeniedException:')) {
        code = 'ErrorAccessDenied'
      } else if (name === 'Value') take(text)
    },
    status(): ResponseStatus {
      return { code: code || faultCode || 'ErrorUnknown', inner, backOffMs }
    },
    /** For the next one. */
    reset(): void {
      code = faultCode = value = ''
      inner = backOffMs = null
    }
  }

  function take(text: string): void {
    if (value === 'BackOffMilliseconds') {
      const milliseconds = Number(text.trim() || Number.NaN)
      if (Number.isFinite(milliseconds)) backOffMs = Math.min(Math.max(0, milliseconds), maxBackOffMs)
    } else if (value === 'InnerErrorResponseCode') inner = codeWord(text)
  }
}

/** However long a server asks, it is tried again after a day. */
const maxBackOffMs = 86_400_000

/** A code is a word; whatever else came over the network goes no further. */
function codeWord(text: string): string {
  const trimmed = text.trim()
  return /^[A-Za-z]\w{1,80}$/.test(trimmed) ? trimmed : ''
}

function serverVersion({
  MajorVersion,
  MinorVersion,
  MajorBuildNumber
}: Readonly<Record<string, string>>): ServerVersion | null {
  const [major, minor, build] = [MajorVersion, MinorVersion, MajorBuildNumber].map(Number)
  if (!Number.isInteger(major) || !Number.isInteger(minor)) return null
  return { major: major!, minor: minor!, build: Number.isInteger(build) ? build! : 0 }
}

/** The answer lacks something that it must have. `place` names the element. */
export function malformedElement(place: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `${place} in Exchange's reply is missing or not as documented, so the calendar was not read: report it.`
  )
}
