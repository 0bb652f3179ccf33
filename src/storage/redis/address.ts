/** Where Redis is, as HANVISA_REDIS_URL says it: one server, a Sentinel's master, or a cluster. */
import { SetupError } from '../../errors.ts'

export interface RedisNode {
  readonly host: string
  readonly port: number
}

interface Common {
  /** How it may be shown: without user and password. */
  readonly shown: string
  readonly tls: boolean
  readonly username: string | null
  readonly password: string | null
  /** After so many milliseconds without an answer a command has failed. */
  readonly commandTimeoutMs: number
}

export type RedisAddress = Common &
  (
    | { readonly kind: 'server'; readonly place: RedisNode; readonly db: number }
    /** User and password are those of the servers; the Sentinels themselves are asked without. */
    | {
        readonly kind: 'sentinel'
        readonly sentinels: readonly RedisNode[]
        readonly master: string
        readonly db: number
      }
    | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  )

const COMMAND_TIMEOUT_MS = 2000

const forms =
  'redis://HOST:6379, redis+sentinel://HOST:26379,HOST:26379/MASTER or redis+cluster://HOST:6379,HOST:6379 ' +
  '(rediss… for TLS, USER:PASSWORD@ before the first host)'

/** Throws a SetupError that begins with the setting's name and never quotes the password. */
export function redisAddress(url: string, commandTimeoutMs = COMMAND_TIMEOUT_MS): RedisAddress {
  const read = readUrl(url, commandTimeoutMs)
  if (typeof read === 'string') throw new SetupError(`HANVISA_REDIS_URL ${read}.`)
  return read
}

/** What is wrong with it, as a sentence that goes on from the setting's name; null when nothing is. */
export function redisUrlFault(url: string): string | null {
  const read = readUrl(url, COMMAND_TIMEOUT_MS)
  return typeof read === 'string' ? read : null
}

function readUrl(url: string, commandTimeoutMs: number): RedisAddress | string {
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/is.exec(url.trim()) ?? []
  const [, secure, by = 'server'] = /^redis(s)?(?:\+(sentinel|cluster))?$/.exec(scheme.toLowerCase()) ?? []
  if (!/^rediss?(\+sentinel|\+cluster)?$/i.test(scheme)) return `must be ${forms}`
  // No host and no path holds one, but a password that was not escaped may.
  const at = rest.lastIndexOf('@')
  const login = at < 0 ? { username: null, password: null } : loginIn(rest.slice(0, at))
  if (typeof login === 'string') return login
  const [, hosts = '', path = ''] = /^([^/?#]*)\/?([^?#]*)$/.exec(rest.slice(at + 1)) ?? []
  if (hosts === '') return `must name a host, and have no ? or #: ${forms}`
  const places = hosts.split(',').map((text) => placeIn(text, by === 'sentinel' ? 26_379 : 6379))
  const wrong = places.indexOf(null)
  if (wrong >= 0)
    // Not quoted: without its @ a password stands there.
    return `has no usable host in place ${wrong + 1}: write HOST:PORT, an IPv6 address in [ ]`
  const known = places.filter((place) => place !== null)
  const common = {
    ...login,
    tls: secure === 's',
    commandTimeoutMs,
    shown: `${scheme.toLowerCase()}://${hosts}${path === '' ? '' : `/${path}`}`
  }

  if (by === 'cluster') {
    if (path !== '') return 'must end after the hosts: a cluster has no databases by number'
    return { kind: 'cluster', nodes: known, ...common }
  }
  if (by === 'sentinel') {
    const [master = '', number = '0', ...more] = path.split('/')
    const db = databaseIn(number)
    if (master === '')
      return 'must name the master that the Sentinels watch: redis+sentinel://HOST:26379/MASTER'
    if (db === null || more.length > 0) return noDatabase
    return { kind: 'sentinel', sentinels: known, master, db, ...common }
  }
  const [place, ...others] = known
  if (place === undefined || others.length > 0) {
    return 'names several hosts: write redis+cluster://… or redis+sentinel://… for those'
  }
  const db = databaseIn(path === '' ? '0' : path)
  return db === null ? noDatabase : { kind: 'server', place, db, ...common }
}

const noDatabase = 'must end with the number of a database, or with nothing after the host'

function databaseIn(text: string): number | null {
  return /^\d{1,5}$/.test(text) ? Number(text) : null
}

function loginIn(text: string): { username: string | null; password: string | null } | string {
  const colon = text.indexOf(':')
  if (colon < 0) return 'has a user without a password: write :PASSWORD@ or USER:PASSWORD@ before the host'
  try {
    const [username, password] = [text.slice(0, colon), text.slice(colon + 1)].map(decodeURIComponent)
    return { username: username || null, password: password || null }
  } catch {
    return 'has a % in its user or password that stands for nothing: write it as %25'
  }
}

function placeIn(text: string, usual: number): RedisNode | null {
  const [, inBrackets, name, port = `${usual}`] =
    /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? []
  const host = inBrackets ?? name
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null
  return { host, port: Number(port) }
}
