/** What Redis and its client say when something does not work, in words that say what to do. */
import { StoreUnavailable, TenantGone } from '../store.ts'

/** By what the message begins with (Redis) or holds (Node, ioredis). `transient`: worth waiting for at the start. */
const known: readonly { readonly sign: RegExp; readonly words: string; readonly transient?: true }[] = [
  {
    sign: /^NOAUTH|called without any password/,
    words: 'it asks for a password: put one into HANVISA_REDIS_URL (redis://USER:PASSWORD@HOST)'
  },
  {
    sign: /^WRONGPASS|invalid password/,
    words: 'it does not take the user or password in HANVISA_REDIS_URL: correct them'
  },
  {
    sign: /^NOPERM/,
    words:
      'its user may not do all that is needed: give it "~* &* +@all -@dangerous +info +config|get" (ACL SETUSER)'
  },
  { sign: /^LOADING/, words: 'it is still loading its data: wait until it is ready', transient: true },
  {
    sign: /^READONLY/,
    words: 'it is a replica: name the master, or its Sentinels (redis+sentinel://…)',
    transient: true
  },
  {
    sign: /^MASTERDOWN|^NOREPLICAS/,
    words: 'it lacks its replicas or its master: look after its replication',
    transient: true
  },
  { sign: /^OOM/, words: 'its memory is full (maxmemory): give it more' },
  { sign: /^MISCONF/, words: 'it cannot write to its disk and takes no writes: look at its log' },
  { sign: /^BUSY/, words: 'it is busy with a script of another client', transient: true },
  {
    sign: /^CLUSTERDOWN|Cluster isn't ready/,
    words: 'its cluster has slots that no node serves: look at "redis-cli cluster info"',
    transient: true
  },
  {
    sign: /Too many Cluster redirections/,
    words:
      'a node of its cluster sends us to one that cannot be reached: every node must be reachable from here by the address that "CLUSTER SLOTS" gives',
    transient: true
  },
  {
    sign: /cluster support disabled/,
    words: 'it is no cluster: write redis://… instead of redis+cluster://…'
  },
  { sign: /^MOVED|CROSSSLOT/, words: 'it is a cluster: write redis+cluster://…' },
  {
    sign: /DB index is out of range/,
    words: 'it has no database of that number: correct the end of HANVISA_REDIS_URL'
  },
  {
    sign: /All sentinels are unreachable/,
    words:
      'none of its Sentinels can be reached, or none knows the master: correct hosts and name in HANVISA_REDIS_URL',
    transient: true
  },
  {
    sign: /ECONNREFUSED/,
    words: 'no server listens there: start Redis, or correct HANVISA_REDIS_URL',
    transient: true
  },
  { sign: /ENOTFOUND|EAI_AGAIN/, words: 'its name is not known: correct HANVISA_REDIS_URL', transient: true },
  {
    sign: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|timed out|Socket timeout/,
    words: 'it does not answer',
    transient: true
  },
  {
    sign: /certificate|CERT_|SELF_SIGNED|altnames/i,
    words: 'its certificate is not trusted here: name its authority in NODE_EXTRA_CA_CERTS'
  },
  {
    sign: /SSL routines|wrong version number|EPROTO/,
    words: 'it does not speak TLS there: write redis… instead of rediss…'
  },
  {
    sign: /Connection is closed|ECONNRESET|EPIPE|writeable|max retries per request|closed|None of startup nodes|refresh slots|ended/i,
    words: 'the connection to it was lost',
    transient: true
  }
]

/** Goes on from "Redis at … cannot be used: ". Nothing of what was sent is in it. */
export function describeRedisError(error: unknown): string {
  const message = messageOf(error)
  return (
    known.find(({ sign }) => sign.test(message))?.words ??
    `it refused (${message.split(/[\s:,]/, 1)[0] || 'no reason given'})`
  )
}

/** Whether it may be over in a moment. */
export function isTransientRedisError(error: unknown): boolean {
  const message = messageOf(error)
  return known.find(({ sign }) => sign.test(message))?.transient === true
}

/** What a call to Redis threw, as callers of the store know it. The cause is left out: it holds what was sent. */
export function toStoreUnavailable(error: unknown): Error {
  const message = messageOf(error)
  // A fault in a script of ours, or a key that is another's.
  if (!known.some(({ sign }) => sign.test(message)) && /user_script|WRONGTYPE/.test(message)) {
    return new Error(`Redis refused what it was asked: ${message.split(/ script: |, with args/, 1)[0]}`)
  }
  return new StoreUnavailable(`Redis cannot be used now: ${describeRedisError(error)}.`)
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // "Failed to refresh slots cache", "Reached the max retries": the reason is within.
  const inner = (error as { lastNodeError?: unknown }).lastNodeError
  const { code } = error as NodeJS.ErrnoException
  return inner instanceof Error
    ? messageOf(inner)
    : error.message || (typeof code === 'string' ? code : error.name)
}

/** What follows the status of an answer to a write. Throws where nothing was written. */
export function requireWritten([status, ...rest]: unknown[], tenant: string): unknown[] {
  if (status === 'GONE') throw tenantGone(tenant)
  if (status === 'LOST')
    throw new StoreUnavailable('The lock of the tenant was lost: nothing was saved, try again.')
  if (status === 'LATE') throw new StoreUnavailable('Redis was too slow: nothing was saved, try again.')
  if (status === 'AUDIT')
    throw new StoreUnavailable('The audit is written too often: nothing was saved, try again.')
  return rest
}

export function tenantGone(tenant: string): TenantGone {
  return new TenantGone(`There is no tenant "${tenant}".`)
}
