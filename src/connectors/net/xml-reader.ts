/** Reads XML as it streams in: no document is held, what is not plain data is refused, and nothing is read for long. */
import { setImmediate as breathe } from 'node:timers/promises'
import { SaxesParser } from 'saxes'
import { RemoteError } from '../../errors.ts'
import { decoderOf } from './charset.ts'

/** Called for each element, by its local name: prefixes and namespaces vary by version, and both of Exchange's occur. */
export interface Visitor {
  /** The root has depth 1. */
  open(name: string, depth: number, attributes: Readonly<Record<string, string>>): void
  /** `text` is what stood between this tag and the one before it. */
  close(name: string, depth: number, text: string): void
}

export interface XmlOptions {
  readonly contentType?: string | undefined
  /** `many` for streams, where one document follows the other and each is read separately; else a second document is refused. */
  readonly documents?: 'one' | 'many'
  /** Of many documents: asked after each; where it is true the rest is not read, and the connection is closed. */
  readonly isOver?: () => boolean
}

/** What a protocol over XML allows, and how its errors read. */
export interface XmlDialect {
  readonly maxReplyBytes: number
  readonly maxDepth: number
  /** Characters of one text, or of one tag. */
  readonly maxTextLength: number
  /** What forbids document types and processing instructions: `SOAP`. */
  readonly name: string
  /** `why` completes "The server's reply …". */
  invalidReply(why: string): RemoteError
  webPageError(): RemoteError
}

/** Bytes that are read in one turn of the event loop: a millisecond or less. */
const sliceBytes = 16 * 1024
/** Milliseconds after which everybody else gets a turn. */
const yieldAfterMs = 4

/** Throws RemoteError: `unreachable` for a reply that breaks off, else `protocol_error`. Never with what was read. */
export async function readXml(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  visitor: Visitor,
  dialect: XmlDialect,
  options: XmlOptions = {}
): Promise<void> {
  const { maxReplyBytes, invalidReply } = dialect
  const decoder = decoderOf(options.contentType)
  const isOver = options.isOver ?? (() => false)
  const parser =
    options.documents === 'many' ? parserOfMany(visitor, dialect, isOver) : parserFor(visitor, dialect)
  /** Of the document. */
  let size = 0
  let yieldedAt = performance.now()
  for await (const chunk of chunks) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    size += bytes.length
    if (size > maxReplyBytes) throw invalidReply(`is larger than ${maxReplyBytes / 1024 / 1024} MB`)
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      const piece = bytes.subarray(at, at + sliceBytes)
      if (parser.write(decoder.write(piece))) {
        if (isOver()) return
        size = bytes.length - at
      }
      if (performance.now() - yieldedAt < yieldAfterMs) continue
      await breathe()
      yieldedAt = performance.now()
    }
  }
  if (size === 0) throw invalidReply('is empty')
  parser.write(decoder.end())
  parser.end()
}

interface Parser {
  /** Whether a document has ended: its data is discarded, and its size no longer counts. */
  write(text: string): boolean
  end(): void
}

/** Each document has its own declaration, or none, and is a whole: so each gets a parser, and tags are handed in singly. */
function parserOfMany(visitor: Visitor, dialect: XmlDialect, isOver: () => boolean): Parser {
  let parser: (Parser & { readonly whole: boolean }) | null = null
  let documents = 0

  return {
    write(text) {
      const before = documents
      for (let at = 0; at < text.length; ) {
        const end = text.indexOf('>', at) + 1 || text.length
        // Blanks between two, and the mark that a sender may put before each.
        const tag = parser === null ? text.slice(at, end).trimStart() : text.slice(at, end)
        at = end
        if (tag === '') continue
        parser ??= parserFor(visitor, dialect)
        parser.write(tag)
        if (!parser.whole) continue
        parser.end()
        parser = null
        documents += 1
        if (isOver()) break
      }
      return documents > before
    },
    end() {
      if (parser !== null || documents === 0) throw truncatedReply()
    }
  }
}

function parserFor(visitor: Visitor, dialect: XmlDialect): Parser & { readonly whole: boolean } {
  const { maxDepth, maxTextLength, name: protocol, invalidReply, webPageError } = dialect
  // Without positions, which no message may quote anyway.
  const saxes = new SaxesParser<{ position: boolean; xmlns: false }>({ position: false, xmlns: false })
  /** Of the elements that are open, outermost first. */
  const path: string[] = []
  let text = ''
  let roots = 0
  let sawTag = false
  let ending = false

  const gather = (more: string) => {
    text = text === '' ? more : text + more
    if (text.length > maxTextLength)
      throw invalidReply(`holds a text that is longer than ${maxTextLength} characters`)
  }

  // Seven handlers and no more: with the eighth V8 keeps the parser in its dictionary mode, where each character costs seven
  // times as much (`npm run bench`, EWS reply). So comments have no handler.
  saxes.on('opentag', (tag) => {
    sawTag = true
    text = ''
    const name = withoutPrefix(tag.name)
    const depth = path.push(name)
    if (depth === 1) {
      roots += 1
      if (name.toLowerCase() === 'html') throw webPageError()
    }
    if (depth > maxDepth) throw invalidReply(`is nested more than ${maxDepth} levels deep`)
    visitor.open(name, depth, tag.attributes)
  })
  saxes.on('closetag', () => {
    sawTag = true
    const depth = path.length
    visitor.close(path.pop() ?? '', depth, text)
    text = ''
  })
  saxes.on('text', gather)
  saxes.on('cdata', gather)
  // SOAP 1.1 section 3 forbids document types and processing instructions, and WebDAV needs none. So there are no entities but XML's five.
  saxes.on('doctype', (type) => {
    throw /^\s*html/i.test(type)
      ? webPageError()
      : invalidReply(`has a document type, which ${protocol} forbids`)
  })
  saxes.on('processinginstruction', () => {
    throw invalidReply(`has a processing instruction, which ${protocol} forbids`)
  })
  saxes.on('error', ({ message }) => {
    // Exchange, for one, writes control characters of a subject as &#x1F;, which XML forbids. They stay as they are written.
    if (message.endsWith('malformed character entity.')) return
    throw ending ? truncatedReply() : invalidReply('is no well-formed XML')
  })

  let quiet = 0
  return {
    write(piece) {
      sawTag = false
      saxes.write(piece)
      // What the parser holds back until a tag, comment or text is whole must not grow without end.
      quiet = sawTag ? 0 : quiet + piece.length
      if (quiet > maxTextLength)
        throw invalidReply(`holds a text that is longer than ${maxTextLength} characters`)
      return false
    },
    get whole() {
      return roots > 0 && path.length === 0
    },
    end() {
      ending = true
      saxes.close()
      if (path.length > 0 || roots === 0) throw truncatedReply()
    }
  }
}

function withoutPrefix(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

function truncatedReply(): RemoteError {
  const hint =
    "The server's reply breaks off in the middle. It is tried again by itself; check network and load balancer if it stays so."
  return new RemoteError('unreachable', hint)
}
