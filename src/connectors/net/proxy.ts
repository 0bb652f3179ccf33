/** Why a proxy of the environment gave no way to a server, and undici's connections to such a proxy. */
import { Pool } from 'undici'
import { RemoteError } from '../../errors.ts'

/**
 * The error of every protocol when a proxy gives no tunnel (RFC 9110 section 9.3.6): `proxy_refused`, which names the proxy.
 * `answer` is the status of its answer to CONNECT, or the code of the network error where it gave none. A proxy that
 * is let in but finds no way to the server (5xx) is `unreachable`. Whoever makes a tunnel by other means than
 * `openHttpClient` throws this one too.
 */
export function proxyError(proxy: URL, answer: number | string, cause?: unknown): RemoteError {
  const options = { scope: 'connection', cause } as const
  if (typeof answer === 'string') {
    const hint = `The proxy ${proxy.host} does not answer (${answer}): check HTTPS_PROXY and NO_PROXY, and that it runs.`
    return new RemoteError('proxy_refused', hint, options)
  }
  if (answer === 407) {
    const hint = `The proxy ${proxy.host} asks for a sign-in (HTTP 407): write HTTPS_PROXY=http://user:password@host:port (Basic; NTLM proxies are not supported).`
    return new RemoteError('proxy_refused', hint, options)
  }
  if (answer >= 500) {
    const hint = `The proxy ${proxy.host} found no way to the server (HTTP ${answer}): check the server's name, and what the proxy can reach.`
    return new RemoteError('unreachable', hint, options)
  }
  const hint = `The proxy ${proxy.host} gave no way through to the server (HTTP ${answer}): let the server's name pass there, or list it in NO_PROXY.`
  return new RemoteError('proxy_refused', hint, options)
}

/** For `ProxyAgent.clientFactory`: connections to the proxy itself, whose every failure names it. */
export function createProxyPool(origin: URL, options: object, timeoutMs: number): Pool {
  const pool = new Pool(origin, { ...options, headersTimeout: timeoutMs })
  const connect = pool.connect.bind(pool)
  const connectOrExplain = async (connectOptions: Parameters<typeof connect>[0]) => {
    const answer = await connect(connectOptions).catch((error: unknown) => {
      throw proxyError(origin, errorCode(error), error)
    })
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { ...answer, statusCode: 200 }
    answer.socket.on('error', () => {}).destroy()
    throw proxyError(origin, answer.statusCode)
  }
  pool.connect = connectOrExplain as Pool['connect']
  return pool
}

function errorCode(error: unknown): string {
  let next = error
  for (let depth = 0; depth < 5 && next instanceof Error; depth += 1) {
    const { code } = next as { code?: unknown }
    if (typeof code === 'string') return code
    next = next instanceof AggregateError ? next.errors[0] : next.cause
  }
  return error instanceof Error ? error.name : 'no answer'
}
