/** The users of a customer: found, read whole, exported, and changed many at a time. */
import { api, dataOf, type Schemas } from '../api/client.ts'
import { readSheet, writeSheet } from './import/sheet.ts'

export type User = Schemas['User']
export type UserSync = Schemas['UserSync']
export type ImportResult = Schemas['ImportResult']
export type ImportProgress = Schemas['ImportProgress']
export type ImportMode = ImportResult['mode']

/** What the API gives in one answer at the most. */
const MAX_LIMIT = 1000

export class UsersClient {
  readonly #tenant: string

  constructor(tenant: string) {
    this.#tenant = tenant
  }

  page(query: { q?: string; after?: string; limit: number }): Promise<Schemas['UserList']> {
    const params = { path: { tenant: this.#tenant }, query }
    return dataOf(api.GET('/v1/tenants/{tenant}/users', { params }))
  }

  async all(q: string): Promise<readonly User[]> {
    const users: User[] = []
    for (let after: string | undefined; ; ) {
      const page = await this.page({
        limit: MAX_LIMIT,
        ...(q !== '' && { q }),
        ...(after !== undefined && { after })
      })
      users.push(...page.users)
      after = page.after
      if (after === undefined) return users
    }
  }

  /** Everybody whose calendar cannot be read, or was not read for long. */
  async unreadable(): Promise<ReadonlyMap<string, UserSync>> {
    const found = new Map<string, UserSync>()
    for (let after: string | undefined; ; ) {
      const query = { state: 'failed,stale', limit: MAX_LIMIT, ...(after !== undefined && { after }) }
      const params = { path: { tenant: this.#tenant }, query }
      const report = await dataOf(api.GET('/v1/tenants/{tenant}/sync', { params }))
      for (const sync of report.users) found.set(sync.user, sync)
      after = report.after
      if (after === undefined) return found
    }
  }

  async export(): Promise<Blob> {
    const params = { path: { tenant: this.#tenant } }
    const call = api.GET('/v1/tenants/{tenant}/users/export', { params, parseAs: 'blob' })
    return (await dataOf<unknown>(call)) as Blob
  }

  import(sheet: Blob, mode: ImportMode, dryRun: boolean): Promise<ImportResult> {
    const params = { path: { tenant: this.#tenant }, query: { mode, dryRun } }
    return dataOf(
      api.POST('/v1/tenants/{tenant}/users/import', {
        params,
        // The bytes as they are: the service finds out their encoding.
        body: sheet as unknown as string,
        bodySerializer: (body) => body as unknown as Blob,
        headers: { 'content-type': 'text/csv' }
      })
    )
  }

  /** Null: nothing was ever imported. */
  async progress(): Promise<ImportProgress | null> {
    const params = { path: { tenant: this.#tenant } }
    const { data } = await api.GET('/v1/tenants/{tenant}/import', { params })
    return data ?? null
  }

  /** By one import, so that it goes on where the page is left. Resolves to those who differ now. */
  async setSyncEnabled(users: ReadonlySet<string>, isEnabled: boolean): Promise<ReadonlySet<string>> {
    const { rows } = readSheet(await (await this.export()).arrayBuffer())
    const changed = rows
      .map(({ cells }) => cells)
      .filter(({ user = '', syncEnabled }) => users.has(user) && syncEnabled !== String(isEnabled))
      .filter(({ mailbox }) => mailbox !== '' || !isEnabled)
    if (changed.length === 0) return new Set()
    const columns = ['user', 'displayName', 'extension', 'syncEnabled']
    const wanted = changed.map((cells) => ({ ...cells, syncEnabled: String(isEnabled) }))
    await this.import(writeSheet(columns, wanted), 'merge', false)
    return new Set(changed.map(({ user = '' }) => user))
  }
}
