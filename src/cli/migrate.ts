/** `hanvisa migrate`: copies what an embedded installation keeps into Redis, reads both back and compares. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { SetupError } from '../errors.ts'
import type { ListedApiKey } from '../storage/api-keys.ts'
import type { AuditRecord } from '../storage/audit.ts'
import type { ContactRecord } from '../storage/contacts.ts'
import { LOG_LENGTH } from '../storage/lmdb/change-log.ts'
import { openLmdb } from '../storage/lmdb/lmdb.ts'
import { eachPage } from '../storage/page.ts'
import { type RedisAddress, redisAddress, redisUrlFault } from '../storage/redis/address.ts'
import {
  openImport,
  type WholeAlarms,
  type WholeAudit,
  type WholeCallerNames,
  type WholeConsumer,
  type WholeTenant
} from '../storage/redis/migration-target.ts'
import { openRedis } from '../storage/redis/redis.ts'
import { parseKeyCheck } from '../storage/secrets/folder-key-check.ts'
import { type Store, StoreUnavailable } from '../storage/store.ts'

export interface MigrateNeeds {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  /** HANVISA_REDIS_URL, which `--to` may be left out for: a password there is not seen in the list of processes. */
  readonly redisUrl?: string | undefined
}

const usage =
  'usage: hanvisa migrate --from DATA_DIR [--to redis://HOST:6379]   (else to HANVISA_REDIS_URL)\n'
/** Tenants read from the folder at a time. */
const PAGE = 100

/**
 * The exit code: 0 when all is there and the same, 1 when it is not, 2 for a wrong call. May be run again at any time: what
 * is there stays. Throws SetupError, a sentence: the service still runs, or one of the two places cannot be used.
 */
export async function runMigrate(args: readonly string[], needs: MigrateNeeds): Promise<number> {
  const call = parsed(args)
  const to = call?.to ?? needs.redisUrl
  if (call === null || to === undefined) {
    needs.stderr.write(usage)
    return 2
  }
  const fault = redisUrlFault(to)
  if (fault !== null)
    throw new SetupError(`${call.to === undefined ? 'HANVISA_REDIS_URL' : '--to'} ${fault}.`)
  const folder = resolve(call.from)
  await isInstallation(folder)
  await isNotRotating(folder)
  const source = await openLmdb({ folder: join(folder, 'store') })
  try {
    return await migrate(source, folder, redisAddress(to), needs)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    needs.stderr.write(`${error.message} What was copied stays: run it again.\n`)
    return 1
  } finally {
    await source.close()
  }
}

function parsed(args: readonly string[]): { from: string; to?: string } | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { from: { type: 'string' }, to: { type: 'string' } }
    })
    const { from, to } = values
    return from === undefined ? null : { from, ...(to === undefined ? {} : { to }) }
  } catch {
    return null
  }
}

/** Otherwise some secrets would lie in Redis under a key that is gone from there. */
async function isNotRotating(folder: string): Promise<void> {
  const check = parseKeyCheck(await readFile(join(folder, 'key-check'), 'utf8'))
  const hasNext = await stat(join(folder, 'master-key.next')).then(
    () => true,
    () => false
  )
  if (check?.next != null || hasNext) {
    throw new SetupError(
      `A rotation of the master key of ${folder} is unfinished: run "hanvisa rotate-key" there first.`
    )
  }
}

/** Opening a folder that is not there would make one. */
async function isInstallation(folder: string): Promise<void> {
  for (const file of ['store/format.json', 'key-check']) {
    await stat(join(folder, file)).catch(() => {
      throw new SetupError(
        `${folder} holds no data of Hanvisa (${file} is missing): name in --from what was HANVISA_DATA_DIR.`
      )
    })
  }
}

async function migrate(
  source: Store,
  folder: string,
  address: RedisAddress,
  needs: MigrateNeeds
): Promise<number> {
  const keyCheck = (await readFile(join(folder, 'key-check'), 'utf8')).trim()
  const target = await openImport(address)
  try {
    // Sealed with a random nonce when the folder was first used: no other folder has the same.
    const state = await target.begin(createHash('sha256').update(keyCheck).digest('hex'), keyCheck)
    if (state === 'done')
      needs.stdout.write('This was copied before: what has changed since is left alone.\n')
    const providerKeys = await keysOf(source, null)
    if (state !== 'done') {
      await target.copyProviderKeys(providerKeys)
      await target.copyProviderAudit(await wholeAudit(source, null))
      await target.copyProviderAlarms(await alarmsOf(source, null))
    }
    const counts = { tenants: 0, users: 0, timelines: 0, overrides: 0, keys: providerKeys.length, copied: 0 }
    for await (const whole of tenantsIn(source)) {
      const { tenant, users } = whole.snapshot
      const copied = state !== 'done' && (await target.copy(whole))
      counts.tenants++
      counts.users += users.length
      counts.timelines += users.filter(({ timeline }) => timeline !== null).length
      counts.overrides += users.filter(({ override }) => override !== null).length
      counts.keys += whole.apiKeys.length
      if (copied) counts.copied++
      needs.stdout.write(
        `${tenant.id}: ${users.length} users, ${whole.versions.length} versions of rules, ${whole.log.length} log entries` +
          `${copied ? '' : ' (there already)'}\n`
      )
    }
    const different = await differences(source, address)
    if (different.length > 0 && state !== 'done') {
      needs.stderr.write(
        `Not the same on both sides: ${different.join(', ')}. If a Hanvisa was started on this Redis meanwhile, that is why: ` +
          'stop it, empty Redis and run this again.\n'
      )
      return 1
    }
    if (state !== 'done') await target.done()
    needs.stdout.write(
      `${counts.tenants} tenants, ${counts.users} users, ${counts.timelines} timelines, ${counts.overrides} overrides, ${counts.keys} API keys; ` +
        `${counts.copied} tenants copied now. Read back on both sides: ` +
        `${different.length === 0 ? 'all the same' : `changed since: ${different.join(', ')}`}.\n`
    )
    needs.stdout.write(await whatNext(folder, address))
    return 0
  } finally {
    target.close()
  }
}

async function* tenantsIn(store: Store): AsyncGenerator<WholeTenant> {
  for await (const tenants of eachPage(PAGE, (page) => store.tenants(page))) {
    for (const { id } of tenants) {
      const whole = await wholeTenant(store, id)
      if (whole !== null) yield whole
    }
  }
}

async function wholeTenant(store: Store, id: string): Promise<WholeTenant | null> {
  const snapshot = await store.snapshot(id)
  if (snapshot === null) return null
  const versions = await store.ruleVersions(id)
  const log = (await store.log(id, Math.max(0, snapshot.position - LOG_LENGTH))) ?? []
  const consumers = await consumersOf(store, id)
  const callerNames = await callerNamesOf(store, id)
  return {
    snapshot,
    versions,
    log,
    apiKeys: await keysOf(store, id),
    alarms: await alarmsOf(store, id),
    audit: await wholeAudit(store, id),
    consumers,
    callerNames
  }
}

/** `tenant`: null for the provider's. */
async function wholeAudit({ audit }: Store, tenant: string | null): Promise<WholeAudit> {
  const head = await audit.head(tenant)
  const records: AuditRecord[] = []
  for (let after = head.trimmed; after < head.position; after = records.at(-1)!.entry.position) {
    const some = await audit.page(tenant, { after, limit: PAGE })
    if (some.length === 0) break
    records.push(...some)
  }
  return { head, records }
}

async function alarmsOf({ alarms }: Store, tenant: string | null): Promise<WholeAlarms> {
  return { list: await alarms.lists.read(tenant), state: await alarms.states.read(tenant) }
}

async function consumersOf({ consumers }: Store, tenant: string): Promise<WholeConsumer[]> {
  const whole: WholeConsumer[] = []
  for (const record of await consumers.list(tenant)) {
    const deliveries = [...(await consumers.deliveries(tenant, record.id))]
    deliveries.sort((one, other) => (one.user < other.user ? -1 : 1))
    whole.push({ record, progress: await consumers.progress(tenant, record.id), deliveries })
  }
  return whole
}

async function callerNamesOf({ contacts }: Store, tenant: string): Promise<WholeCallerNames> {
  const lists: { list: string; contacts: ContactRecord[] }[] = []
  for (const list of [...(await contacts.lists(tenant))].sort()) {
    const found = new Map<string, ContactRecord>()
    for await (const some of contacts.eachSlice(tenant, list))
      for (const one of some) found.set(one.contact, one)
    const ids = [...found.keys()].sort()
    lists.push({ list, contacts: ids.map((id) => found.get(id)!) })
  }
  return { settings: await contacts.settings(tenant), lists }
}

async function keysOf({ apiKeys }: Store, tenant: string | null): Promise<ListedApiKey[]> {
  const keys: ListedApiKey[] = []
  for await (const some of eachPage(PAGE, (page) => apiKeys.list(tenant, page))) keys.push(...some)
  return keys
}

/** The tenants of which anything is not the same in Redis, and the provider if its keys are not. */
async function differences(source: Store, address: RedisAddress): Promise<string[]> {
  const target = await openRedis({ address })
  const different: string[] = []
  try {
    if (!isDeepStrictEqual(await keysOf(target, null), await keysOf(source, null))) {
      different.push("the provider's API keys")
    }
    if (!isDeepStrictEqual(await wholeAudit(target, null), await wholeAudit(source, null))) {
      different.push("the provider's audit")
    }
    if (!isDeepStrictEqual(await alarmsOf(target, null), await alarmsOf(source, null))) {
      different.push("the provider's alarms")
    }
    for await (const whole of tenantsIn(source)) {
      const { id } = whole.snapshot.tenant
      if (!isDeepStrictEqual(await wholeTenant(target, id), whole)) different.push(id)
    }
    return different
  } finally {
    await target.close()
  }
}

async function whatNext(folder: string, { shown }: RedisAddress): Promise<string> {
  const there = async (file: string) =>
    stat(join(folder, file)).then(
      () => true,
      () => false
    )
  const key = async (name: string, file: string) =>
    (await there(file))
      ? `  ${name}_FILE=${join(folder, file)}   (or what it holds in ${name})`
      : `  ${name}=… the one that was set until now`
  const calendars = await readdir(join(folder, 'calendars'), { recursive: true }).catch(() => [])
  return [
    'Now start every process with',
    `  HANVISA_REDIS_URL=${shown}   (with user and password where there are)`,
    await key('HANVISA_MASTER_KEY', 'master-key'),
    await key('HANVISA_ADMIN_KEY', 'admin-key'),
    ...(calendars.length > 0
      ? [`and with the calendar files of ${join(folder, 'calendars')} in its HANVISA_DATA_DIR.`]
      : []),
    'Cursors that consumers hold go on being honoured.',
    ''
  ].join('\n')
}
