/** An installation full of secrets, a writer that goes on changing some of them, and what of them does not open. */
import { setTimeout as pause } from 'node:timers/promises'
import { kindOf } from '../../src/connectors/kinds.ts'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { alarmLockOf } from '../../src/storage/alarms.ts'
import { alarmPurpose } from '../../src/storage/secrets/alarm-secrets.ts'
import {
  consumerPurpose,
  sealConnection,
  sealMailbox,
  unsealConnection,
  unsealMailbox
} from '../../src/storage/secrets/connection-secrets.ts'
import { contactPurpose } from '../../src/storage/secrets/contact-secrets.ts'
import type { MasterKeys } from '../../src/storage/secrets/master-keys.ts'
import type { Unsealer } from '../../src/storage/secrets/seal.ts'
import type { Store } from '../../src/storage/store.ts'
import { sampleAlarmList } from '../contracts/store-alarms.ts'
import { sampleConsumer } from '../contracts/store-consumers.ts'
import { sampleCallerNames, sampleContact } from '../contracts/store-contacts.ts'
import { sampleTenant, sampleUser } from '../contracts/store-samples.ts'

const TENANTS = 60
const USERS = 12
/** The tenants whose connection the writer changes. */
const CHANGED = 6

const tenants = Array.from({ length: TENANTS }, (_, index) => `tenant-${index}`)
const users = Array.from({ length: USERS }, (_, index) => `user-${index}`)
export const PASSWORD_CANARY = 'kanarief4gel'

/** How many secrets there are. */
export const SECRETS = TENANTS * (4 + USERS) + 1

const passwordOf = (tenant: string, version: number) => `${PASSWORD_CANARY}-${tenant}-${version}`
const urlOf = (tenant: string, user: string) =>
  `https://calendar.example/${PASSWORD_CANARY}/${tenant}/${user}.ics`

const addressOf = (tenant: string | null) => `${PASSWORD_CANARY}-${tenant}@acme.example`

/** One recipient of alarms. */
function putRecipient(store: Store, keys: MasterKeys, tenant: string | null): Promise<boolean> {
  return store.withTenantLock(alarmLockOf(tenant), async ({ alarms }) => {
    const sealer = await keys.sealer()
    const list = sampleAlarmList()
    const to = sealer.seal(addressOf(tenant), alarmPurpose(tenant, 'it', 'to'))
    return alarms.lists.save(tenant, { ...list, recipients: list.recipients.map((one) => ({ ...one, to })) })
  })
}

function putConsumer(store: Store, keys: MasterKeys, tenant: string): Promise<boolean> {
  return store.withTenantLock(tenant, async (store) => {
    const sealer = await keys.sealer()
    const secret = sealer.seal(
      `${PASSWORD_CANARY}-${tenant}`,
      consumerPurpose(tenant, 'pbx', 'webhook', 'secret')
    )
    return store.consumers.save(
      tenant,
      sampleConsumer('pbx', { sealed: { secret }, pausedAt: 1 }),
      null,
      false
    )
  })
}

function putContact(store: Store, keys: MasterKeys, tenant: string): Promise<boolean> {
  return store.withTenantLock(tenant, async ({ contacts }) => {
    const sealer = await keys.sealer()
    await contacts.saveSettings(tenant, sampleCallerNames())
    const sealed = sealer.seal(`${PASSWORD_CANARY}-${tenant}`, contactPurpose(tenant, 'shared/a'))
    return contacts.save(tenant, 'shared/a', [sampleContact('k', ['1'], { sealed })])
  })
}

export async function putSecrets(store: Store, keys: MasterKeys): Promise<void> {
  await putRecipient(store, keys, null)
  for (const tenant of tenants) {
    await store.saveTenant(sampleTenant(tenant), 1)
    await putRecipient(store, keys, tenant)
    await putPassword(store, keys, tenant, 0)
    await putConsumer(store, keys, tenant)
    await putContact(store, keys, tenant)
    await store.withTenantLock(tenant, async (store) => {
      const sealer = await keys.sealer()
      const given = users.map((id) => ({
        user: sampleUser(id, {
          syncEnabled: false,
          mailbox: sealMailbox(tenant, id, urlOf(tenant, id), sealer)
        }),
        sync: initialSyncRecord(false, 1)
      }))
      await store.saveUsers(tenant, given, 1)
    })
  }
}

/** As management does it: under the tenant's lock, with the sealer that is asked for there. */
export function putPassword(store: Store, keys: MasterKeys, tenant: string, version: number): Promise<void> {
  const connection = {
    kind: 'ews',
    url: 'https://mail.example/EWS/Exchange.asmx',
    auth: { kind: 'ntlm', user: 'svc', password: passwordOf(tenant, version) },
    access: 'delegate',
    version: 'auto',
    pollSeconds: 3600
  } as const
  return store.withTenantLock(tenant, async (store) => {
    const sealed = sealConnection(
      tenant,
      connection,
      kindOf(connection).secretMembers,
      await keys.sealer(),
      version
    )
    await store.saveConnection(tenant, sealed, false, version)
  })
}

export interface SecretWriter {
  /** The version of each tenant's password that was acknowledged last, and that was begun last. */
  readonly versions: ReadonlyMap<string, { readonly saved: number; readonly begun: number }>
  stop(): Promise<void>
}

/** Changes passwords until it is stopped; a write that fails is made again. */
export function startSecretWriter(store: Store, keys: MasterKeys): SecretWriter {
  const versions = new Map<string, { saved: number; begun: number }>()
  let isStopped = false
  const lanes = tenants.slice(0, CHANGED).map(async (tenant) => {
    for (let version = 1; !isStopped; version++) {
      versions.set(tenant, { saved: version - 1, begun: version })
      for (let saved = false; !saved && !isStopped; ) {
        saved = await putPassword(store, keys, tenant, version).then(
          () => true,
          () => false
        )
        if (saved) versions.set(tenant, { saved: version, begun: version })
        await pause(20)
      }
    }
  })
  return {
    versions,
    async stop() {
      isStopped = true
      await Promise.all(lanes)
    }
  }
}

/** Secrets that do not open, or are not what was put last. */
export async function lostSecrets(
  store: Store,
  unsealer: Unsealer,
  versions: SecretWriter['versions'] = new Map()
): Promise<string[]> {
  const lost: string[] = []
  for (const tenant of [null, ...tenants]) {
    const [recipient] = (await store.alarms.lists.read(tenant))?.recipients ?? []
    try {
      const to = unsealer.open(recipient!.to, alarmPurpose(tenant, 'it', 'to'))
      if (to !== addressOf(tenant)) lost.push(`${tenant}: another recipient`)
    } catch {
      lost.push(`${tenant}: the recipient of alarms`)
    }
  }
  for (const tenant of tenants) {
    const consumer = await store.consumers.find(tenant, 'pbx')
    try {
      const purpose = consumerPurpose(tenant, 'pbx', 'webhook', 'secret')
      if (unsealer.open(consumer!.sealed.secret!, purpose) !== `${PASSWORD_CANARY}-${tenant}`)
        lost.push(`${tenant}: another secret of the consumer`)
    } catch {
      lost.push(`${tenant}: the secret of the consumer`)
    }
    const [contact] = await store.contacts.find(tenant, 'shared/a', '1')
    try {
      if (
        unsealer.open(contact!.sealed, contactPurpose(tenant, 'shared/a')) !== `${PASSWORD_CANARY}-${tenant}`
      )
        lost.push(`${tenant}: another contact`)
    } catch {
      lost.push(`${tenant}: the contact`)
    }
    const connection = await store.connection(tenant)
    const { saved, begun } = versions.get(tenant) ?? { saved: 0, begun: 0 }
    try {
      const { auth } = unsealConnection(tenant, connection!, unsealer) as unknown as {
        auth: { password: string }
      }
      const version = Number(auth.password.split('-').at(-1))
      if (version < saved || version > begun) lost.push(`${tenant}: version ${version}, saved ${saved}`)
    } catch {
      lost.push(`${tenant}: its password`)
    }
    for (const user of await store.users(tenant, { limit: 100 })) {
      try {
        if (unsealMailbox(tenant, user, unsealer) !== urlOf(tenant, user.id))
          lost.push(`${tenant}: ${user.id}`)
      } catch {
        lost.push(`${tenant}: the URL of ${user.id}`)
      }
    }
  }
  return lost
}
