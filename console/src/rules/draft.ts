/** The rules as they are being edited: what was read, what differs, and what a save would send. */
import { batch, createSignal } from 'solid-js'
import { ApiError, api, type Diversion, dataOf, type Schemas, type Trigger } from '../api/client.ts'

type Rules = Schemas['Rules']
export type RuleSet = Schemas['RuleSet']

/** Milliseconds after the last change before the service is asked what it makes of it. */
export const TYPING_MS = 250

export type SaveOutcome =
  | { readonly outcome: 'saved'; readonly version: number }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'failed'; readonly error: unknown }

/** Two operators at once: a save names the version that it was made from, and the later one is asked, never overwritten. */
export class RulesDraft {
  readonly #tenant: string
  readonly #base = createSignal<{ readonly rules: Rules; readonly etag: string | null } | null>(null)
  readonly #triggers = createSignal<readonly Trigger[]>([])
  readonly #diversions = createSignal<readonly Diversion[]>([])
  readonly #availability = createSignal<RuleSet['availability'] | null>(null)

  constructor(tenant: string) {
    this.#tenant = tenant
  }

  get version(): number {
    return this.#base[0]()?.rules.version ?? 0
  }

  get isLoaded(): boolean {
    return this.#base[0]() !== null
  }

  get triggers(): readonly Trigger[] {
    return this.#triggers[0]()
  }

  set triggers(triggers: readonly Trigger[]) {
    this.#triggers[1](triggers)
  }

  get diversions(): readonly Diversion[] {
    return this.#diversions[0]()
  }

  set diversions(diversions: readonly Diversion[]) {
    this.#diversions[1](diversions)
  }

  get availability(): RuleSet['availability'] {
    return this.#availability[0]()!
  }

  set availability(availability: RuleSet['availability']) {
    this.#availability[1](availability)
  }

  get isChanged(): boolean {
    const base = this.#base[0]()
    return base !== null && JSON.stringify(this.body()) !== JSON.stringify(bodyOf(base.rules))
  }

  /** What is sent: the pack that the rules started from, and every part that differs from it. */
  body(): Schemas['RulesBody'] {
    const { rules } = this.#base[0]()!
    const { effective } = rules
    const body = bodyOf(rules) as Record<string, unknown>
    const parts = {
      triggers: this.triggers,
      diversions: this.diversions,
      availability: this.availability
    }
    for (const [member, value] of Object.entries(parts)) {
      const isSame = JSON.stringify(value) === JSON.stringify(effective[member as keyof typeof parts])
      if (!isSame) body[member] = value
    }
    // `effective` shows the extra triggers among the others.
    if ('triggers' in body) delete body.extraTriggers
    return body as Schemas['RulesBody']
  }

  /** Drops what was edited. Throws ApiError. */
  async load(): Promise<void> {
    const call = api.GET('/v1/tenants/{tenant}/rules', { params: { path: { tenant: this.#tenant } } })
    const rules = await dataOf(call)
    const etag = (await call).response.headers.get('etag')
    batch(() => {
      this.#base[1]({ rules, etag })
      this.#triggers[1](rules.effective.triggers)
      this.#diversions[1](rules.effective.diversions)
      this.#availability[1](rules.effective.availability)
    })
  }

  /** `isForced`: over what somebody else saved meanwhile, which stays a version of its own. */
  async save({ isForced = false } = {}): Promise<SaveOutcome> {
    const etag = this.#base[0]()?.etag ?? null
    try {
      const header = isForced || etag === null ? {} : { 'if-match': etag }
      const { version } = await dataOf(
        api.PUT('/v1/tenants/{tenant}/rules', {
          params: { path: { tenant: this.#tenant }, header },
          body: this.body() as Schemas['RulesPut']
        })
      )
      await this.load()
      return { outcome: 'saved', version }
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) return { outcome: 'conflict' }
      return { outcome: 'failed', error }
    }
  }
}

function bodyOf({ version: _version, effective: _effective, ...body }: Rules): Schemas['RulesBody'] {
  return body
}

/** The list with the item at `from` moved to `to`; the same list where that is outside. */
export function moveItem<Item>(items: readonly Item[], from: number, to: number): readonly Item[] {
  if (to < 0 || to >= items.length || from === to) return items
  const moved = [...items]
  const [item] = moved.splice(from, 1)
  moved.splice(to, 0, item!)
  return moved
}
