/** The keys of a customer, or of the provider, by the same calls. */
import { api, dataOf, type Schemas } from '../api/client.ts'

export type Key = Schemas['Key']
export type NewKey = Schemas['NewKey']

export interface KeysClient {
  list(): Promise<readonly Key[]>
  create(body: Schemas['KeyPost']): Promise<NewKey>
  rotate(id: string, overlapHours: number): Promise<NewKey>
  remove(id: string): Promise<void>
}

/** Null: the provider's. */
export function keysClient(tenant: string | null): KeysClient {
  return {
    async list() {
      const all: Key[] = []
      for (let after: string | undefined; ; ) {
        const query = after === undefined ? {} : { after }
        const page = await dataOf(
          tenant === null
            ? api.GET('/v1/keys', { params: { query } })
            : api.GET('/v1/tenants/{tenant}/keys', { params: { path: { tenant }, query } })
        )
        all.push(...page.keys)
        after = page.after
        if (after === undefined) return all
      }
    },
    create: (body) =>
      dataOf(
        tenant === null
          ? api.POST('/v1/keys', { body })
          : api.POST('/v1/tenants/{tenant}/keys', { params: { path: { tenant } }, body })
      ),
    rotate: (id, overlapHours) =>
      dataOf(
        tenant === null
          ? api.POST('/v1/keys/{id}/rotate', { params: { path: { id } }, body: { overlapHours } })
          : api.POST('/v1/tenants/{tenant}/keys/{id}/rotate', {
              params: { path: { tenant, id } },
              body: { overlapHours }
            })
      ),
    async remove(id) {
      await dataOf(
        tenant === null
          ? api.DELETE('/v1/keys/{id}', { params: { path: { id } } })
          : api.DELETE('/v1/tenants/{tenant}/keys/{id}', { params: { path: { tenant, id } } })
      )
    }
  }
}
