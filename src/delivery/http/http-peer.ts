/** Sets what people have in a switch that has a web API, by a recipe: read first, so that only differences are written. */
import type {
  Acknowledged,
  CheckStep,
  ConsumerPeer,
  ConsumerStatus,
  Delivered,
  PeerDeps,
  PeerOptions,
  SendContext,
  WantedState
} from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { memberAt, type Recipe, type RecipeValues } from '../recipe.ts'
import type { HttpSettings } from './http-settings.ts'
import { RecipeClient, UserRefused } from './recipe-client.ts'

/** As the API gives it. */
type RecipeId = string | number

/** What was set of a user: by it a value that somebody else set is known. */
interface SetThere {
  readonly id?: RecipeId
  readonly value?: string
  /** When it ends by itself. */
  readonly until?: string | null
}

interface Person {
  readonly id: RecipeId
  readonly value: string
}

export class HttpPeer implements ConsumerPeer {
  readonly #options: PeerOptions<HttpSettings>
  readonly #recipe: Recipe
  readonly #client: RecipeClient

  constructor(options: PeerOptions<HttpSettings>, recipe: Recipe, deps: PeerDeps) {
    this.#options = options
    this.#recipe = recipe
    this.#client = new RecipeClient(recipe, options.settings, deps)
  }

  send(states: readonly WantedState[], { signal }: SendContext): Promise<readonly Delivered[]> {
    return Promise.all(states.map((state) => this.#sendOne(state, signal)))
  }

  /** After silence everybody is read, and what differs is set. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.#client.signIn(signal)
    this.#options.onStateLost()
  }

  /** Everything but the write, which would change the end of what somebody else set. */
  async check({ user, extension }: WantedState, signal: AbortSignal): Promise<readonly CheckStep[]> {
    const steps: CheckStep[] = []
    let person: Person | null = null
    for (const [name, call] of [
      ['sign-in', () => this.#client.signIn(signal)],
      ['find', async () => (person = await this.#find(user, extension, signal))],
      ['read', async () => person !== null && this.#read(user, extension, person, signal)]
    ] as const) {
      try {
        await call()
        steps.push({ name, ok: true })
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        return [...steps, { name, ok: false, code: error.code, hint: error.hint }]
      }
    }
    return steps
  }

  async close(): Promise<void> {}

  async #sendOne(state: WantedState, signal: AbortSignal): Promise<Delivered> {
    const { user, extension, status, acknowledged } = state
    try {
      if (acknowledged !== null && (status === null || acknowledged.extension !== extension)) {
        await this.#clear(user, acknowledged, signal)
      }
      if (status === null) return { user, outcome: 'ok' }
      const before = acknowledged?.extension === extension ? readTag(acknowledged) : {}
      return { user, ...(await this.#set(state, status, before, signal)) }
    } catch (error) {
      if (!(error instanceof UserRefused)) throw error
      return { user, outcome: 'failed', error: { code: error.code, hint: error.hint } }
    }
  }

  async #set(
    { user, extension }: WantedState,
    status: ConsumerStatus,
    before: SetThere,
    signal: AbortSignal
  ): Promise<Omit<Delivered, 'user'>> {
    const value = this.#valueOf(status)
    const until = status.phone === 'closed' ? status.reachableAt : null
    const { id, value: found } = await this.#current(user, extension, before, signal)
    const { open, ends } = this.#recipe
    if (found !== open && found !== value && found !== before.value) {
      return { outcome: 'takenOver', tag: JSON.stringify({ id }) }
    }
    const tag = JSON.stringify({ id, value, until } satisfies SetThere)
    const isAsWanted = found === value && (!ends || value === open || before.until === until)
    if (isAsWanted) return { outcome: 'ok', tag }
    const values = {
      value,
      until,
      isClosed: status.phone === 'closed',
      label: status.label === '' ? null : status.label
    }
    await this.#write(user, extension, id, values, signal)
    const after = await this.#read(user, extension, { id, value: '' }, signal)
    if (after !== value) {
      throw new UserRefused(
        'peer_cannot',
        `${this.#recipe.title} took the value and has another: does it allow this one for the user?`
      )
    }
    return { outcome: 'ok', tag }
  }

  /** Only what was set, and only while nobody set something else. */
  async #clear(user: string, acknowledged: Acknowledged, signal: AbortSignal): Promise<void> {
    const before = readTag(acknowledged)
    const { extension } = acknowledged
    const { open } = this.#recipe
    if (before.value === undefined || before.value === open) return
    try {
      const { id, value } = await this.#current(user, extension, before, signal)
      if (value !== before.value) return
      await this.#write(
        user,
        extension,
        id,
        { value: open, until: null, isClosed: false, label: null },
        signal
      )
    } catch (error) {
      // Who is gone there has nothing set.
      if (!(error instanceof UserRefused) || error.code !== 'user_unknown') throw error
    }
  }

  #valueOf({ phone, diversion }: ConsumerStatus): string {
    if (phone === 'open') return this.#recipe.open
    const { map } = this.#options.settings
    return map[diversion] ?? map['*'] ?? this.#recipe.map[diversion] ?? this.#recipe.map['*']!
  }

  /** The id that is known may be of somebody who is gone: then it is found anew. */
  async #current(user: string, extension: string, before: SetThere, signal: AbortSignal): Promise<Person> {
    if (before.id !== undefined && this.#recipe.read !== undefined) {
      const known = { id: before.id, value: '' }
      try {
        return { ...known, value: await this.#read(user, extension, known, signal) }
      } catch (error) {
        if (!(error instanceof UserRefused) || error.code !== 'user_unknown') throw error
      }
    }
    const person = await this.#find(user, extension, signal)
    if (this.#recipe.read === undefined) return person
    return { ...person, value: await this.#read(user, extension, person, signal) }
  }

  async #find(user: string, extension: string, signal: AbortSignal): Promise<Person> {
    if (!/^[A-Za-z0-9+#._-]+$/.test(extension)) {
      throw new UserRefused(
        'user_unknown',
        'The extension has characters that no API takes: correct it here.'
      )
    }
    const { find, title } = this.#recipe
    const answer = await this.#client.call(find.request, this.#valuesOf(user, extension), signal)
    const list = memberAt(answer, find.list)
    const found = (Array.isArray(list) ? list : []).find(
      (one) => `${memberAt(one, find.extension)}` === extension
    )
    const id = memberAt(found, find.id)
    if (typeof id !== 'string' && typeof id !== 'number') {
      throw new UserRefused(
        'user_unknown',
        `${title} has nobody with this extension: make it there, or correct it here.`
      )
    }
    const value = find.value === undefined ? '' : `${memberAt(found, find.value) ?? ''}`
    return { id, value: value === '' ? this.#recipe.open : value }
  }

  async #read(user: string, extension: string, { id }: Person, signal: AbortSignal): Promise<string> {
    const { read, open } = this.#recipe
    if (read === undefined) return (await this.#find(user, extension, signal)).value
    const answer = await this.#client.call(read.request, { ...this.#valuesOf(user, extension), id }, signal)
    const value = memberAt(answer, read.value)
    return typeof value === 'string' && value !== '' ? value : open
  }

  async #write(
    user: string,
    extension: string,
    id: RecipeId,
    values: RecipeValues,
    signal: AbortSignal
  ): Promise<void> {
    const all = { ...this.#valuesOf(user, extension), ...values, id }
    await this.#client.call(this.#recipe.write.request, all, signal)
  }

  #valuesOf(user: string, extension: string): RecipeValues {
    return { ...this.#options.settings.vars, user, extension }
  }
}

function readTag({ tag }: Acknowledged): SetThere {
  try {
    return JSON.parse(tag ?? '{}')
  } catch {
    return {}
  }
}
