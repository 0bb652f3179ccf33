/** The way through a proxy: which one the environment names, and the tunnel to the server (RFC 9110 section 9.3.6). */
import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { Socket } from 'node:net'
import { RemoteError } from '../../../errors.ts'
import { type AddressPolicy, withoutBrackets } from '../../net/address-policy.ts'
import { proxyError } from '../../net/proxy.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** HTTPS_PROXY and NO_PROXY, in either case. Calls over plain http (allowed in tests only) never take a proxy. */
export function proxyFor(url: URL, environment: Environment): URL | null {
  const named = environment.https_proxy ?? environment.HTTPS_PROXY
  const except = environment.no_proxy ?? environment.NO_PROXY ?? ''
  if (url.protocol !== 'https:' || !named || isExcepted(url, except)) return null
  const proxy = URL.canParse(named) ? new URL(named) : null
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    const hint = 'HTTPS_PROXY must be http://host:port or https://host:port: SOCKS and PAC are not supported.'
    throw new RemoteError('unreachable', hint, { scope: 'connection' })
  }
  return proxy
}

/** As undici reads the list, so that Graph and EWS take the same way: names with all below them, ports, `*`. */
function isExcepted(url: URL, list: string): boolean {
  if (list.trim() === '*') return true
  const host = withoutBrackets(url.hostname)
  return list.split(/[,\s]+/).some((entry) => {
    const [, name = '', port] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? []
    if (name === '' || (port !== undefined && port !== (url.port || '443'))) return false
    const listed = name.replace(/^\*?\./, '').toLowerCase()
    return host === listed || host.endsWith(`.${listed}`)
  })
}

/** A socket to the server itself, through the proxy. The signal ends the attempt. */
export async function openTunnel(
  proxy: URL,
  url: URL,
  options: { addressPolicy: AddressPolicy; signal: AbortSignal }
): Promise<Socket> {
  await options.addressPolicy.checkBehindProxy(withoutBrackets(url.hostname))
  const target = `${url.hostname}:${url.port || 443}`
  const signIn = proxy.username === '' ? {} : { 'proxy-authorization': basic(proxy) }
  const request = (proxy.protocol === 'https:' ? overHttps : overHttp)({
    host: withoutBrackets(proxy.hostname),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...signIn },
    agent: false,
    signal: options.signal,
    rejectUnauthorized: true
  })
  return new Promise((resolve, reject) => {
    request.once('error', (cause) => reject(proxyError(proxy, codeOf(cause), cause)))
    request.once('connect', (response, socket) => {
      const status = response.statusCode ?? 0
      if (status >= 200 && status < 300) return resolve(socket as Socket)
      socket.destroy()
      reject(proxyError(proxy, status))
    })
    request.end()
  })
}

function basic(proxy: URL): string {
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name
}
