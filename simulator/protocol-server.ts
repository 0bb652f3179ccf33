/** Between sockets and the protocols: reads a request into a Call, and writes an Answer, corrupted where that is ordered. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ConnectionAborted,
  type ProtocolRequest,
  type ProtocolResponse,
  parseProtocolRequest
} from './protocol-message.ts'

export type ProtocolHandler = (call: ProtocolRequest) => Promise<ProtocolResponse | null>

const maxBodyBytes = 4_000_000

/** Lets the first protocol answer that knows the call. Answers bear `Date` by the simulator's clock. */
export function serveProtocols(protocols: readonly ProtocolHandler[], clock: () => number) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    response.setHeader('Date', new Date(clock()).toUTCString())
    // Writing to somebody who has just left is no fault of anybody's.
    response.on('error', () => gone.abort())
    try {
      const body = await readBody(request)
      if (body === null)
        return await send(response, { status: 413, headers: {}, body: { error: 'too large' } })
      const headers = headersOf(request)
      const call = parseProtocolRequest(
        request.method ?? 'GET',
        request.url ?? '/',
        headers,
        body,
        gone.signal,
        request.socket
      )
      for (const protocol of call ? protocols : []) {
        const answer = call && (await protocol(call))
        if (answer) return await send(response, answer)
      }
      await send(response, { status: 404, headers: {}, body: { error: 'nothing is served here' } })
    } catch (error) {
      // Whoever is gone needs no answer; anything else is a fault of the simulator and must be seen.
      if (gone.signal.aborted) return
      process.stderr.write(`simulator: ${error instanceof Error ? error.stack : error}\n`)
      response.destroy()
    }
  }
}

async function send(response: ServerResponse, answer: ProtocolResponse): Promise<void> {
  const { corruption } = answer
  if (corruption === 'reset') return void response.socket?.destroy()
  const headers = { 'Content-Type': 'application/json; charset=utf-8', ...answer.headers }
  if (typeof corruption === 'object') return sendHuge(response, headers, corruption.huge)
  if (isPieces(answer.body)) {
    return sendPieces(response, answer.status, headers, answer.body, corruption === 'cutOff')
  }
  const json = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(JSON.stringify(answer.body))
  if (corruption === 'html') {
    const page =
      '<!DOCTYPE html><html><body><h1>Sign in</h1><p>This network wants to see you first.</p></body></html>'
    response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': page.length }).end(page)
    return
  }
  const half = json.subarray(0, Math.ceil(json.length / 2))
  if (corruption === 'cutOff') {
    response.writeHead(answer.status, { ...headers, 'Content-Length': json.length })
    response.write(half, () => response.socket?.destroy())
    return
  }
  const body = corruption === 'truncatedJson' ? half : corruption === 'empty' ? Buffer.alloc(0) : json
  response.writeHead(answer.status, { ...headers, 'Content-Length': body.length }).end(body)
}

/** JSON that is right to the last byte, and that much of it. */
async function sendHuge(
  response: ServerResponse,
  headers: Record<string, string | string[]>,
  bytes: number
): Promise<void> {
  const piece = Buffer.from(`${JSON.stringify({ id: 'x'.repeat(1000), subject: 'y'.repeat(64_000) })},`)
  response.writeHead(200, headers)
  response.write('{"value":[')
  for (let sent = 0; sent < bytes && !response.destroyed; sent += piece.length) {
    if (!response.write(piece)) await whenDrained(response)
  }
  response.end('{}]}')
}

function isPieces(body: unknown): body is AsyncIterable<Buffer> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

async function sendPieces(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[]>,
  pieces: AsyncIterable<Buffer>,
  cutOff: boolean
): Promise<void> {
  response.writeHead(status, headers).flushHeaders()
  try {
    for await (const piece of pieces) {
      if (response.destroyed) return
      if (cutOff) throw new ConnectionAborted(piece.subarray(0, Math.ceil(piece.length / 2)))
      if (!response.write(piece)) await whenDrained(response)
    }
  } catch (error) {
    if (!(error instanceof ConnectionAborted)) throw error
    response.write(error.last ?? '', () => response.socket?.destroy())
    return
  }
  response.end()
}

/** Or closed. */
async function whenDrained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > maxBodyBytes) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  }
  return headers
}
