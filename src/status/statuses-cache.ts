/** The answers to `GET statuses` that still hold: by user, by extension, in some languages, masked or not. */
import type { Instant } from '../domain/calendar-event.ts'
import type { StatusesResponse } from './statuses-response.ts'
import type { StatusFormat } from './view-moment.ts'

const MAX_KEPT = 8
/** `*` is no language tag. */
const MASKED_KEYS = { user: 'user *', extension: 'extension *' } as const

export class StatusesCache {
  readonly #kept = new Map<string, StatusesResponse>()
  readonly #rendering = new Map<string, Promise<StatusesResponse>>()

  /** Null where none is kept that holds at this instant. */
  get(format: StatusFormat, now: Instant): StatusesResponse | null {
    if (isPersonal(format)) return null
    const answer = this.#kept.get(keyOf(format))
    return answer !== undefined && now < answer.validUntil ? answer : null
  }

  /** Who asks while an answer is rendered that holds gets the same. */
  render(format: StatusFormat, render: () => Promise<StatusesResponse>): Promise<StatusesResponse> {
    if (isPersonal(format)) return render()
    const key = keyOf(format)
    const present = this.#rendering.get(key)
    if (present !== undefined) return present
    const rendering = render()
    this.#rendering.set(key, rendering)
    const settle = (answer: StatusesResponse | null) => {
      // It does not stand here any more, where something changed meanwhile.
      if (this.#rendering.get(key) !== rendering) return
      this.#rendering.delete(key)
      if (answer === null) return
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
      this.#kept.set(key, answer)
    }
    rendering.then(settle, () => settle(null))
    return rendering
  }

  clear(): void {
    this.#kept.clear()
    this.#rendering.clear()
  }
}

function keyOf({ by, language, audience }: StatusFormat): string {
  const key = audience.sensitive ? by : MASKED_KEYS[by]
  return language === null ? key : `${key} ${language}`
}

/** For one softphone alone, of whose user something is masked for all others. Kept, it would drive out those that many ask for. */
function isPersonal({ audience }: StatusFormat): boolean {
  return !audience.sensitive && audience.unmaskedUser !== null
}
