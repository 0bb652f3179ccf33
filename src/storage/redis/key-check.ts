/** The key check of an installation on Redis: two members of the hash that says which data this is. */
import type { KeyCheck, KeyCheckStore } from '../secrets/master-keys.ts'
import type { RedisConnection } from './connection.ts'
import { STORE_KEY } from './keys.ts'
import { readScript } from './scripts.ts'

const beginScript = readScript('begin-key-check')
const finishScript = readScript('finish-key-check')

export function redisKeyCheck(link: RedisConnection): KeyCheckStore {
  const read = async () =>
    toKeyCheck(await link.ask((client) => client.hmget(STORE_KEY, 'keyCheck', 'keyCheckNext')))
  return {
    read,
    async create(current) {
      await link.ask((client) => client.hsetnx(STORE_KEY, 'keyCheck', current))
      return (await read()) ?? { current, next: null }
    },
    async begin(current, next) {
      const kept = await link.ask((client) => client.eval(beginScript, 1, STORE_KEY, current, next))
      return toKeyCheck(kept as (string | null)[]) ?? { current, next: null }
    },
    async finish(next) {
      await link.ask((client) => client.eval(finishScript, 1, STORE_KEY, next))
    }
  }
}

function toKeyCheck([current, next]: readonly (string | null)[]): KeyCheck | null {
  return current === null || current === undefined ? null : { current, next: next ?? null }
}
