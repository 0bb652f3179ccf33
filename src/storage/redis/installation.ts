/** Which data lies in Redis, and whether Redis is one that it may lie in. */
import { randomUUID } from 'node:crypto'
import type { Instant } from '../../domain/calendar-event.ts'
import { SetupError } from '../../errors.ts'
import { StoreUnavailable } from '../store.ts'
import type { RedisAddress } from './address.ts'
import type { RedisConnection } from './connection.ts'
import { STORE_KEY } from './keys.ts'
import { readScript } from './scripts.ts'

export interface Installation {
  readonly id: string
  /** It was begun just now: Redis was empty. */
  readonly fresh: boolean
  /** When everything that was kept before had been lost; null when that never happened. */
  readonly lostAt: Instant | null
  /** False when Redis writes nothing to disk: a restart of it loses everything. */
  readonly persistent: boolean
}

/** How the data lies there. A version reads its own format and those before it. */
const FORMAT = 1
/** The first Redis that all this was tried with; Valkey says 7.2. */
const LEAST_VERSION = 7

/** Begins a new installation where there is none. Throws SetupError, a sentence, where it must not be used. */
export async function findInstallation(link: RedisConnection, address: RedisAddress): Promise<Installation> {
  try {
    return await find(link, address)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new SetupError(
      error.message.replace('Redis cannot be used now', `Redis at ${address.shown} cannot be used`)
    )
  }
}

async function find(link: RedisConnection, address: RedisAddress): Promise<Installation> {
  const persistent = await suitable(link, address)
  const type = await link.ask((client) => client.type(STORE_KEY))
  if (type !== 'none' && type !== 'hash') throw notOurs(address)
  const fresh = await begin(link, {})
  const [format, id, lostAt] = await link.ask((client) =>
    client.hmget(STORE_KEY, 'format', 'installation', 'lostAt')
  )
  if (!Number.isInteger(Number(format ?? 'none')) || !id) {
    throw notOurs(address)
  }
  if (Number(format) > FORMAT) {
    throw new SetupError(
      `Redis at ${address.shown} was written by a newer Hanvisa (format ${format}, this one knows ${FORMAT}): start that ` +
        'version, or name another Redis in HANVISA_REDIS_URL.'
    )
  }
  return { id, fresh, lostAt: lostAt === null || lostAt === undefined ? null : Number(lostAt), persistent }
}

function notOurs({ shown }: RedisAddress): SetupError {
  return new SetupError(
    `What lies in Redis at ${shown} under "${STORE_KEY}" is not Hanvisa's, or is damaged: put back a backup, or ` +
      'name an empty Redis in HANVISA_REDIS_URL.'
  )
}

/** Writes a new installation record to an emptied Redis, unless another process did already. */
export async function startInstallation(link: RedisConnection, lost: string, at: Instant): Promise<void> {
  await begin(link, { lost, lostAt: at })
}

const beginScript = readScript('begin-installation')

async function begin(
  link: RedisConnection,
  more: Readonly<Record<string, string | number>>
): Promise<boolean> {
  const fields = { format: FORMAT, installation: randomUUID(), ...more }
  const done = await link.ask((client) =>
    client.eval(beginScript, 1, STORE_KEY, ...Object.entries(fields).flat())
  )
  return done === 1
}

/** Whether Redis is persistent. Throws SetupError when it is too old, or drops data when its memory is full. */
async function suitable(link: RedisConnection, { shown }: RedisAddress): Promise<boolean> {
  const { client } = link
  const nodes = 'nodes' in client ? client.nodes('master') : [client]
  const facts = await link.ask(() =>
    Promise.all(
      nodes.map(async (node) => ({
        info: await node.info(),
        // Managed Redis often forbids it; then it keeps copies by means of its own.
        save: await node.config('GET', 'save').then(
          (answer) => (answer as string[])[1] ?? '',
          () => 'unknown'
        )
      }))
    )
  )
  for (const { info } of facts) {
    const version = factIn(info, 'redis_version')
    if (Number.parseInt(version, 10) < LEAST_VERSION) {
      throw new SetupError(
        `Redis at ${shown} is version ${version}: Hanvisa needs Redis 7 or later, or Valkey.`
      )
    }
    const policy = factIn(info, 'maxmemory_policy')
    if (policy !== '' && policy !== 'noeviction') {
      throw new SetupError(
        `Redis at ${shown} drops data when its memory is full (maxmemory-policy ${policy}): set "maxmemory-policy noeviction".`
      )
    }
  }
  return facts.every(({ info, save }) => factIn(info, 'aof_enabled') === '1' || save !== '')
}

function factIn(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
}
