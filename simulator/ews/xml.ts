/** Requests as a small tree, read without DTD or entities and to a limited depth, and text made fit for answers. */
import { SaxesParser } from 'saxes'

export interface XmlElement {
  /** Without prefix. */
  readonly name: string
  /** The namespace's URI. */
  readonly space: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Of itself, without that of its children, trimmed. */
  readonly text: string
}

export const spaces = {
  soap: 'http://schemas.xmlsoap.org/soap/envelope/',
  types: 'http://schemas.microsoft.com/exchange/services/2006/types',
  messages: 'http://schemas.microsoft.com/exchange/services/2006/messages',
  errors: 'http://schemas.microsoft.com/exchange/services/2006/errors'
} as const

const deepest = 64

interface Growing extends XmlElement {
  readonly children: Growing[]
  text: string
}

/** Null when it is no XML, or more than a request should be. */
export function parseXml(text: string): XmlElement | null {
  const parser = new SaxesParser({ xmlns: true, position: false })
  const open: Growing[] = []
  let root: Growing | null = null
  parser.on('doctype', () => {
    throw new SyntaxError('a DTD is not taken')
  })
  parser.on('opentag', ({ local, uri, attributes }) => {
    if (open.length >= deepest) throw new SyntaxError('nested too deeply')
    const element: Growing = {
      name: local,
      space: uri,
      attributes: Object.fromEntries(Object.values(attributes).map((each) => [each.local, each.value])),
      children: [],
      text: ''
    }
    open.at(-1)?.children.push(element)
    root ??= element
    open.push(element)
  })
  const add = (piece: string) => {
    const element = open.at(-1)
    if (element) element.text += piece
  }
  parser.on('text', add)
  parser.on('cdata', add)
  parser.on('closetag', () => {
    const element = open.pop()
    if (element) element.text = element.text.trim()
  })
  try {
    parser.write(text).close()
    return root
  } catch {
    return null
  }
}

/** The first child by that name, and so on down the path. */
export function descendantAt(
  element: XmlElement | undefined,
  ...path: readonly string[]
): XmlElement | undefined {
  let found = element
  for (const name of path) found = found?.children.find((child) => child.name === name)
  return found
}

export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  return descendantAt(element, ...path)?.text
}

export function all(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? []
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const unfit = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu

/** Fit for an element or an attribute; what XML 1.0 cannot hold is left out. */
export function escapeText(text: string): string {
  return text.replace(unfit, '').replace(/[&<>"]/g, (sign) => signs[sign] ?? sign)
}
