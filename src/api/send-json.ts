/** Answers with JSON that is written already, past the types that watch over values. */
import type { FastifyReply } from 'fastify'

export function sendJson(reply: { type(name: string): unknown }, json: Buffer | string | null): FastifyReply {
  reply.type('application/json; charset=utf-8')
  return (reply as FastifyReply).send(json)
}

/** 304: the answer has no body, not even `null`. */
export function sendNotModified(reply: { code(status: number): unknown }): FastifyReply {
  reply.code(304)
  return (reply as FastifyReply).send()
}
