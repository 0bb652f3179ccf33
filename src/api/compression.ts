/** Which content coding a caller gets (RFC 9110, 12.5.3), and compression of answers that are not compressed yet. */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The better first. */
export const contentCodings = ['br', 'gzip'] as const
export type ContentCoding = (typeof contentCodings)[number]

/** Below this a network packet is saved by nothing. */
const MIN_BYTES = 1_024
/** Brotli's default quality (11) is meant for files that are compressed once: it takes a second for 500 kB. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** Outside of the event loop. */
export const compress: Readonly<Record<ContentCoding, (body: Buffer) => Promise<Buffer>>> = {
  br: (body) => promisify(brotliCompress)(body, brotliOptions),
  gzip: promisify(gzip)
}

/** Null: as it is. */
export function negotiateCoding(acceptEncoding: string | undefined): ContentCoding | null {
  if (acceptEncoding === undefined) return null
  // Codings are compared in any case (RFC 9110, 8.4.1).
  const coding = negotiate(acceptEncoding.toLowerCase(), [...contentCodings, 'identity'])
  return coding === null || coding === 'identity' ? null : (coding as ContentCoding)
}

/** For Fastify's `onSend`. An answer that says its coding is left as it is. */
export async function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown
): Promise<unknown> {
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
  if (!isText || payload.length < MIN_BYTES || reply.hasHeader('content-encoding')) return payload
  reply.header('vary', 'accept-encoding')
  const coding = negotiateCoding(request.headers['accept-encoding'])
  if (coding === null) return payload
  const compressed = await compress[coding](Buffer.from(payload as string))
  reply.header('content-encoding', coding)
  reply.removeHeader('content-length')
  return compressed
}
