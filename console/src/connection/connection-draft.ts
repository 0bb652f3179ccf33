/** The connection as it is being edited: what is held, what the form holds, and what a save made of it. */
import { createSignal } from 'solid-js'
import { createStore, type SetStoreFunction } from 'solid-js/store'
import { ApiError, api, dataOf, type Schemas } from '../api/client.ts'
import {
  bodyOf,
  type Connection,
  type ConnectionKind,
  type ConnectionValues,
  emptyValues,
  kindOf,
  newValues,
  valuesOf
} from './connection-values.ts'

const destinations = [
  'tenantId',
  'clientId',
  'cloud',
  'url',
  'autodiscover',
  'domain',
  'signIn',
  'user',
  'ca',
  'preset',
  'userUrl'
] as const

export class ConnectionDraft {
  readonly tenant: string
  readonly values: ConnectionValues
  readonly #setValues: SetStoreFunction<ConnectionValues>
  readonly #held = createSignal<Connection | null>(null)
  readonly #health = createSignal<Schemas['ConnectionSync'] | null>(null)
  readonly #kind = createSignal<ConnectionKind | null>(null)
  readonly #isLoaded = createSignal(false)

  constructor(tenant: string) {
    this.tenant = tenant
    const [values, setValues] = createStore<ConnectionValues>({ ...emptyValues })
    this.values = values
    this.#setValues = setValues
  }

  /** Null: there is no connection yet. */
  get held(): Connection | null {
    return this.#held[0]()
  }

  get health(): Schemas['ConnectionSync'] | null {
    return this.#health[0]()
  }

  get isLoaded(): boolean {
    return this.#isLoaded[0]()
  }

  get kind(): ConnectionKind | null {
    return this.#kind[0]()
  }

  /** What is held is shown again where it is of that kind. */
  choose(kind: ConnectionKind): void {
    const held = this.held
    this.#setValues(held !== null && kindOf(held) === kind ? valuesOf(held) : newValues(kind))
    this.#kind[1](kind)
  }

  set<Name extends keyof ConnectionValues>(name: Name, value: ConnectionValues[Name]): void {
    this.#setValues({ [name]: value } as Partial<ConnectionValues>)
  }

  /** Whether a secret is held that this form would keep. */
  holds(secret: string): boolean {
    const held = this.held
    return held !== null && kindOf(held) === this.kind && held.secrets.includes(secret)
  }

  get isChanged(): boolean {
    const held = this.held
    if (this.kind === null) return false
    if (held === null || kindOf(held) !== this.kind) return true
    return JSON.stringify({ ...this.values }) !== JSON.stringify(valuesOf(held))
  }

  /** Whether a save would lead elsewhere than what is held, so that what was read is dropped. */
  get isMoved(): boolean {
    const held = this.held
    if (held === null || this.kind === null) return false
    if (kindOf(held) !== this.kind) return true
    const before = valuesOf(held)
    return destinations.some((name) => this.values[name] !== before[name])
  }

  /** Drops what was edited. Throws ApiError. */
  async load(): Promise<void> {
    const params = { path: { tenant: this.tenant } }
    const held = await dataOf(api.GET('/v1/tenants/{tenant}/connection', { params })).catch(
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    )
    this.#held[1](held)
    if (held !== null) this.choose(kindOf(held))
    else this.#kind[1](null)
    this.#isLoaded[1](true)
    await this.loadHealth()
  }

  async loadHealth(): Promise<void> {
    const params = { path: { tenant: this.tenant }, query: { state: 'failed', limit: 1 } }
    const { connection } = await dataOf(api.GET('/v1/tenants/{tenant}/sync', { params }))
    this.#health[1](connection)
  }

  /** Throws ApiError. */
  async save(): Promise<void> {
    const body = bodyOf(this.kind!, this.values, this.held)
    const params = { path: { tenant: this.tenant } }
    await dataOf(api.PUT('/v1/tenants/{tenant}/connection', { params, body }))
    await this.load()
  }

  async remove(): Promise<void> {
    const params = { path: { tenant: this.tenant } }
    await dataOf(api.DELETE('/v1/tenants/{tenant}/connection', { params }))
    await this.load()
  }
}
