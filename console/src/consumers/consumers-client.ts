/** The consumers of a customer: what statuses are pushed to. */
import { api, dataOf, type Schemas } from '../api/client.ts'

export type Consumer = Schemas['Consumer']
export type ConsumerUser = Schemas['ConsumerUsers']['users'][number]

/** What the API gives in one answer at the most. */
const MAX_LIMIT = 1000

export class ConsumersClient {
  readonly #tenant: string

  constructor(tenant: string) {
    this.#tenant = tenant
  }

  async list(): Promise<readonly Consumer[]> {
    const params = { path: { tenant: this.#tenant } }
    return (await dataOf(api.GET('/v1/tenants/{tenant}/consumers', { params }))).consumers
  }

  put(consumer: string, body: Schemas['ConsumerPut']): Promise<Consumer> {
    const params = this.#paramsOf(consumer)
    return dataOf(api.PUT('/v1/tenants/{tenant}/consumers/{consumer}', { params, body }))
  }

  async remove(consumer: string): Promise<void> {
    const params = this.#paramsOf(consumer)
    await dataOf(api.DELETE('/v1/tenants/{tenant}/consumers/{consumer}', { params }))
  }

  async pause(consumer: string): Promise<void> {
    const params = this.#paramsOf(consumer)
    await dataOf(api.POST('/v1/tenants/{tenant}/consumers/{consumer}/pause', { params }))
  }

  async resume(consumer: string): Promise<void> {
    const params = this.#paramsOf(consumer)
    await dataOf(api.POST('/v1/tenants/{tenant}/consumers/{consumer}/resume', { params }))
  }

  async sendAgain(consumer: string): Promise<void> {
    const params = this.#paramsOf(consumer)
    await dataOf(api.POST('/v1/tenants/{tenant}/consumers/{consumer}/replay', { params }))
  }

  /** `user`: an id; empty, the first of its users. */
  test(consumer: string, user: string): Promise<Schemas['ConsumerTest']> {
    const params = { ...this.#paramsOf(consumer), query: user === '' ? {} : { user } }
    return dataOf(api.POST('/v1/tenants/{tenant}/consumers/{consumer}/test', { params }))
  }

  /** Those of whom it took nothing, or whose state somebody else set. */
  async troubled(consumer: string): Promise<readonly ConsumerUser[]> {
    const found: ConsumerUser[] = []
    for (let after: string | undefined; ; ) {
      const query = { limit: MAX_LIMIT, ...(after !== undefined && { after }) }
      const params = { ...this.#paramsOf(consumer), query }
      const page = await dataOf(api.GET('/v1/tenants/{tenant}/consumers/{consumer}/users', { params }))
      found.push(...page.users.filter(({ outcome }) => outcome === 'failed' || outcome === 'takenOver'))
      after = page.after
      if (after === undefined) return found
    }
  }

  #paramsOf(consumer: string) {
    return { path: { tenant: this.#tenant, consumer } }
  }
}
