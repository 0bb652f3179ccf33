/** Outgoing HTTP for consumers: by the rules for addresses, no redirect followed, and no more of an answer read than is used. */
import { type HttpClient, networkError } from './connectors/net/http-client.ts'
import type { PostHttp } from './delivery/consumer.ts'
import { DeliveryError } from './delivery/delivery-error.ts'
import { RemoteError } from './errors.ts'
import { retryAfterOf } from './lib/retry-after.ts'

const MAX_ANSWER_BYTES = 65_536

export function createPostHttp(http: Pick<HttpClient, 'send'>, clock: () => number): PostHttp {
  return async ({ url, method, headers, body, signal }) => {
    try {
      const answer = await http.send(url, { method, headers, body, signal, redirect: 'manual' })
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of answer.body ?? []) {
        chunks.push(chunk)
        size += chunk.length
        if (size >= MAX_ANSWER_BYTES) break
      }
      return {
        status: answer.status,
        retryAfterMs: retryAfterOf(answer.headers.get('retry-after'), clock()) ?? null,
        body: Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES)
      }
    } catch (error) {
      const { code, hint } = error instanceof RemoteError ? error : networkError(new URL(url).host, error)
      throw new DeliveryError(code === 'protocol_error' ? 'protocol_error' : 'unreachable', hint)
    }
  }
}
