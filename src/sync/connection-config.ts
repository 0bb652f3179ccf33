/** What operators have configured of one tenant and one of its connections, as it was last loaded, and what of it has changed since. */
import type { Credential } from '../connectors/credential.ts'
import type { CompiledRules } from '../domain/decide.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { isSameConnection } from '../storage/secrets/connection-secrets.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { RulesVersion, Store, StoredConnection, Tenant } from '../storage/store.ts'
import { connectionIdOf, listConnections } from '../storage/tenant-connections.ts'
import type { RuleCache } from './batch/rule-cache.ts'
import { keepsSubscriptions } from './connection/open-connector.ts'
import type { ReleaseMode } from './notifications/target-subscriptions.ts'
import { storedCredential } from './stored-credential.ts'

export interface ConfigChange {
  readonly timeZone: boolean
  readonly rules: boolean
  readonly connection: boolean
  /** Which connections the tenant has, or their order. */
  readonly connections: boolean
  /** What becomes of the old connection's subscriptions. */
  readonly releaseMode: ReleaseMode
}

interface ConfigDeps {
  readonly store: Store
  readonly ruleCache: RuleCache
  /** The rules of a tenant that has none of its own. */
  readonly defaultRules: RuleSet
  readonly sealer: Unsealer
}

/** What a tenant without a connection is polled by, in seconds: not at all, but a record wants an age at which it is stale. */
const noPollSeconds = 3600

export class ConnectionConfig {
  readonly #id: string
  readonly #connectionId: string
  readonly #deps: ConfigDeps
  #tenant: Tenant | null = null
  #connections: readonly StoredConnection[] = []
  #connection: StoredConnection | null = null
  #credential: Credential | null = null
  #rulesVersion: Pick<RulesVersion, 'version' | 'at'> | null = null
  #rules: CompiledRules

  constructor(id: string, connectionId: string, deps: ConfigDeps) {
    this.#id = id
    this.#connectionId = connectionId
    this.#deps = deps
    this.#rules = deps.ruleCache.compile(deps.defaultRules, 0)
  }

  /** All of the tenant's, in their order. */
  get connections(): readonly StoredConnection[] {
    return this.#connections
  }

  get connection(): StoredConnection | null {
    return this.#connection
  }

  get credential(): Credential | null {
    return this.#credential
  }

  get rules(): CompiledRules {
    return this.#rules
  }

  get timeZone(): string {
    return this.#tenant?.timeZone ?? 'UTC'
  }

  get hasHours(): boolean {
    return this.#tenant?.officeHours !== undefined
  }

  /** The kind of connector; empty without a connection. */
  get kind(): string {
    return this.#connection?.kind ?? ''
  }

  get pollMs(): number {
    return 1000 * (this.#connection?.pollSeconds ?? noPollSeconds)
  }

  /** Null: there is no such tenant. With `isNew` everything counts as changed. */
  async load(isNew: boolean): Promise<ConfigChange | null> {
    const { store, ruleCache, defaultRules } = this.#deps
    const [tenant, kept, version] = await Promise.all([
      store.tenant(this.#id),
      store.connection(this.#id),
      store.rules(this.#id)
    ])
    if (tenant === null) return null
    const connections = listConnections(kept)
    const connection = connections.find((one) => connectionIdOf(one) === this.#connectionId) ?? null
    const before = this.#rulesVersion
    const change = {
      timeZone: tenant.timeZone !== this.#tenant?.timeZone,
      // Versions count from 1 again in another tenant of the same name, of whom there may have been no event.
      rules: isNew || version?.version !== before?.version || version?.at !== before?.at,
      connection: isNew || !isSameConnection(this.#id, this.#connection, connection, this.#deps.sealer),
      connections: isNew || namesOf(connections) !== namesOf(this.#connections),
      releaseMode: keepsSubscriptions(this.#connection, connection) ? 'keep' : 'unsubscribe'
    } as const
    // Before anything is assigned, so that who asks meanwhile finds all as it was.
    const rules = change.rules
      ? await ruleCache.compileInSlices(version?.effective ?? defaultRules, version?.version ?? 0)
      : this.#rules
    this.#tenant = tenant
    this.#connections = connections
    this.#connection = connection
    if (change.connection) this.#credential = storedCredential(this.#id, connection, this.#deps.sealer)
    this.#rulesVersion = version && { version: version.version, at: version.at }
    this.#rules = rules
    return change
  }
}

function namesOf(connections: readonly StoredConnection[]): string {
  return connections.map(connectionIdOf).join('/')
}
