/** Which content coding a caller gets (RFC 9110, 12.5.3), and compression of answers that are not compressed yet. */
import { Readable, type Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { JSON_TYPE } from './send-json.ts'

/** The better first. */
export const contentCodings = ['br', 'gzip'] as const
export type ContentCoding = (typeof contentCodings)[number]

/** Below this a network packet is saved by nothing. */
const MIN_BYTES = 1_024
/** Above this compressed bytes stay in chunks. */
const MAX_ONE_CHUNK = 1_048_576
/** Brotli's default quality (11) is meant for files that are compressed once: it takes a second for 500 kB. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

const compressors: Readonly<Record<ContentCoding, () => Transform>> = {
  br: () => createBrotliCompress(brotliOptions),
  gzip: () => createGzip()
}

/** Outside of the event loop. */
export async function compressChunks(
  coding: ContentCoding,
  chunks: readonly Buffer[]
): Promise<readonly Buffer[]> {
  const compressed: Buffer[] = []
  for await (const chunk of Readable.from(chunks).pipe(compressors[coding]())) compressed.push(chunk)
  const length = compressed.reduce((sum, chunk) => sum + chunk.length, 0)
  return length <= MAX_ONE_CHUNK ? [Buffer.concat(compressed)] : compressed
}

/** Callers send the same header each time. */
const negotiated = new Map<string, ContentCoding | null>()
const MAX_NEGOTIATED = 100

/** Null: as it is. */
export function negotiateCoding(acceptEncoding: string | undefined): ContentCoding | null {
  if (acceptEncoding === undefined) return null
  const known = negotiated.get(acceptEncoding)
  if (known !== undefined) return known
  // Codings are compared in any case (RFC 9110, 8.4.1).
  const found = negotiate(acceptEncoding.toLowerCase(), [...contentCodings, 'identity'])
  const coding = contentCodings.find((one) => one === found) ?? null
  if (negotiated.size >= MAX_NEGOTIATED) negotiated.clear()
  negotiated.set(acceptEncoding, coding)
  return coding
}

/** For Fastify's `onSend`. An answer that says its coding is left as it is. */
export async function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown
): Promise<unknown> {
  if (reply.hasHeader('content-encoding')) return payload
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
  const isJsonStream = payload instanceof Readable && reply.getHeader('content-type') === JSON_TYPE
  if (!isJsonStream && (!isText || payload.length < MIN_BYTES)) return payload
  reply.header('vary', 'accept-encoding')
  const coding = negotiateCoding(request.headers['accept-encoding'])
  if (coding === null) return payload
  reply.header('content-encoding', coding)
  reply.removeHeader('content-length')
  if (isJsonStream) return payload.pipe(compressors[coding]())
  return (await compressChunks(coding, [Buffer.from(payload as string)]))[0]
}
