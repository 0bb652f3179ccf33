/** Answers with JSON that is written already, past the types that watch over values. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { nextSlice } from '../lib/time-slices.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

export function sendJson(reply: { type(name: string): unknown }, json: Buffer | string | null): FastifyReply {
  reply.type(JSON_TYPE)
  return (reply as FastifyReply).send(json)
}

/** The bytes of one JSON text, one chunk after the other. */
export function sendJsonChunks(
  reply: { type(name: string): unknown; header(name: string, value: number): unknown },
  chunks: readonly Buffer[]
): FastifyReply {
  if (chunks.length === 1) return sendJson(reply, chunks[0]!)
  reply.type(JSON_TYPE)
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  reply.header('content-length', length)
  return (reply as FastifyReply).send(Readable.from(chunks))
}

/** Whoever asked may keep the answer, and asks each time whether it still holds. No cache on the way may. */
export function setEntityTag(reply: { header(name: string, value: string): unknown }, tag: string): void {
  reply.header('etag', tag)
  reply.header('cache-control', 'private, no-cache')
}

/** 304: the answer has no body, not even `null`. */
export function sendNotModified(reply: { code(status: number): unknown }): FastifyReply {
  reply.code(304)
  return (reply as FastifyReply).send()
}

/** Entries written in one turn of the event loop: about 1 ms. */
const SLICE = 1000

/** An object with one long list, written without holding the event loop for longer than a slice of it takes. */
export async function stringifyInSlices(
  rest: object,
  name: string,
  list: readonly unknown[]
): Promise<Buffer> {
  const pieces = [`${JSON.stringify(rest).slice(0, -1)},${JSON.stringify(name)}:[`]
  for (let from = 0; from < list.length; from += SLICE) {
    const piece = JSON.stringify(list.slice(from, from + SLICE)).slice(1, -1)
    pieces.push(from === 0 ? piece : `,${piece}`)
    await nextSlice()
  }
  return Buffer.from(`${pieces.join('')}]}`)
}
