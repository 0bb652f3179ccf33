/**
 * One request that follows no redirect: what `fetch` does with `redirect: 'error'` (or with `manual`, where that is stated), at a third of its CPU, because the body is
 * no web stream. Graph and Entra are asked this way, once or more for every edit.
 */
import { pipeline, type Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { type Dispatcher, Headers, type RequestInit, request } from 'undici'

/** What of a Response is used, of fetch's or of one that is made here. */
export interface HttpResponse {
  readonly status: number
  /** A status from 200 to 299. */
  readonly ok: boolean
  readonly url: string
  readonly headers: Headers
  /** To be read to its end, or left by `break`: the connection is busy until then. */
  readonly body: AsyncIterable<Uint8Array> | null
}

const redirects = new Set([301, 302, 303, 307, 308])

/** A body that ends early is read as far as it goes, as fetch reads it. */
const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH }
const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: () => createGunzip(lenient),
  'x-gzip': () => createGunzip(lenient),
  deflate: () => createInflate(lenient),
  br: () =>
    createBrotliDecompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      finishFlush: constants.BROTLI_OPERATION_FLUSH
    })
}

/** Rejects with undici's errors. The body of `init` is a string, where there is one. */
export async function sendRequest(
  dispatcher: Dispatcher,
  url: string,
  { method = 'GET', headers, body, signal, redirect = 'error' }: RequestInit
): Promise<HttpResponse> {
  const { statusCode, ...reply } = await request(url, {
    dispatcher,
    method: method as Dispatcher.HttpMethod,
    headers: {
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br',
      ...Object.fromEntries(new Headers(headers))
    },
    body: (body ?? null) as string | null,
    signal: signal ?? null
  })
  if (redirect !== 'manual' && redirects.has(statusCode)) {
    reply.body.on('error', () => {}).destroy()
    throw new Error('unexpected redirect')
  }
  const received = new Headers()
  for (const [name, value] of Object.entries(reply.headers)) {
    for (const one of [value ?? []].flat()) received.append(name, one)
  }
  return {
    status: statusCode,
    ok: statusCode >= 200 && statusCode < 300,
    url,
    headers: received,
    body: decode(reply.body, received.get('content-encoding'))
  }
}

/** An encoding that nobody asked for is left as it is. */
function decode(body: Readable, encoding: string | null): AsyncIterable<Uint8Array> {
  const decoder = decoders[encoding?.trim().toLowerCase() ?? '']?.()
  if (decoder === undefined) return body
  // The reader of the decoder receives the errors of either.
  return pipeline(body, decoder, () => {}) as unknown as AsyncIterable<Uint8Array>
}
