/** Why a server was not reached, in the words of the operator who must act. */
import { RemoteError } from '../../../errors.ts'

/** The connection was gone before anything of the request was sent: it is safe to send it over another. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionGone'
}

/** Any error of connecting to, or calling, `host` (with its port, if any). RemoteErrors stay what they are. */
export function toNetworkError(host: string, error: unknown): RemoteError {
  const chain = causeChain(error)
  const own = chain.find((cause) => cause instanceof RemoteError)
  if (own !== undefined) return own.code === 'unreachable' ? onConnection(own) : own
  if (chain.some((cause) => cause instanceof ConnectionClosedError)) {
    const hint = `${host} ends connections in the middle of the NTLM handshake: a proxy or load balancer before it must keep them open.`
    return new RemoteError('unreachable', hint, { scope: 'connection', cause: error })
  }
  const code = chain.map(codeOf).find((found) => found !== undefined) ?? ''
  const aborted = chain.some(({ name }) => name === 'AbortError' || name === 'TimeoutError')
  const hint = aborted
    ? timeoutHint(host)
    : (hintForCode(host, code, chain) ?? brokenConnectionHint(host, code))
  return new RemoteError('unreachable', hint, { scope: 'connection', cause: error })
}

/** Outbound's own refusals know no scope. */
function onConnection({ code, hint, retryAfter, cause }: RemoteError): RemoteError {
  return new RemoteError(code, hint, { scope: 'connection', retryAfter, cause })
}

function hintForCode(host: string, code: string, chain: readonly Error[]): string | undefined {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `The name ${host} could not be resolved (${code}): check url, and this machine's DNS.`
  }
  if (code === 'ECONNREFUSED')
    return `Nothing listens at ${host}: check host and port in url, and that IIS runs.`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return `There is no way to ${host} from here (${code}): check network, firewall and VPN.`
  }
  if (code === 'ETIMEDOUT' || code.endsWith('_TIMEOUT')) return timeoutHint(host)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return certificateNameHint(host, chain)
  if (code === 'CERT_HAS_EXPIRED') {
    return `The certificate of ${host} has expired: renew it on the server.`
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return `The certificate of ${host} is not valid yet: check the clocks of the server and of this machine.`
  }
  if (untrusted.has(code)) {
    return `The certificate of ${host} is from an unknown authority (${code}): give its authority, or the certificate itself if it is self-signed, as PEM in the connection's \`ca\`.`
  }
  if (oldProtocol.has(code)) {
    return `${host} speaks no TLS of today (${code}): switch TLS 1.2 on there (Windows updates and registry for Exchange 2007 and 2010), or put a reverse proxy with TLS 1.2 before it.`
  }
  if (weak.test(code)) {
    return `${host} offers TLS that is too weak to be let in (${code}): renew its certificate with RSA 2048 or better and switch current cipher suites on.`
  }
  if (notTls.has(code)) {
    return `${host} does not speak TLS at that port (${code}): check the port in url; plain http is no way in.`
  }
  return undefined
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA'
])

/** The server answered with TLS 1.0 or 1.1, or sent the alert that it knows none of ours. */
const oldProtocol = new Set(['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'])

const weak =
  /TOO_(SMALL|WEAK)|HANDSHAKE_FAILURE|LEGACY_(RENEGOTIATION|SIGALG)|INSUFFICIENT_SECURITY|NO_SHARED/

const notTls = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST'
])

/** The names come from a stranger: what is printed of them is letters, and little. */
function certificateNameHint(host: string, chain: readonly Error[]): string {
  const certificate = (chain.find((error) => 'cert' in error) as { cert?: { subjectaltname?: unknown } })
    ?.cert
  const listed = typeof certificate?.subjectaltname === 'string' ? certificate.subjectaltname : ''
  const names = Array.from(listed.matchAll(/(?:DNS|IP Address):([\w.*:-]{1,80})/g), ([, name]) => name).slice(
    0,
    5
  )
  const whose = names.length === 0 ? 'another name' : names.join(', ')
  return `The certificate of ${host} is for ${whose}: write one of its names in url, or give the server a certificate for this one.`
}

function timeoutHint(host: string): string {
  return `${host} did not answer in time. It is tried again by itself; check network and firewall if it stays so.`
}

function brokenConnectionHint(host: string, code: string): string {
  const said = code === '' ? '' : ` (${code})`
  return `The call to ${host} broke off${said}. It is tried again by itself; check network and load balancer if it stays so.`
}

function causeChain(error: unknown): Error[] {
  const chain: Error[] = []
  let next = error
  while (next instanceof Error && chain.length < 10) {
    chain.push(next)
    // Node tries all addresses of a name and gathers what each said.
    next = next instanceof AggregateError ? (next.errors[0] ?? next.cause) : next.cause
  }
  return chain
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined
}
