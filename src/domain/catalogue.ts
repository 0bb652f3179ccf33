/** The catalogue of diversions, looked up by code. */
import { type Diversion, FALLBACK_CODE } from './diversion.ts'

const fallback: Diversion = { code: FALLBACK_CODE, labels: {}, phone: 'closed' }

export class Catalogue {
  readonly #diversions: ReadonlyMap<string, Diversion>
  readonly #ranks: ReadonlyMap<string, number>

  /** Highest first. */
  constructor(diversions: readonly Diversion[]) {
    this.#diversions = new Map(diversions.map((diversion) => [diversion.code, diversion]))
    this.#ranks = new Map(diversions.map(({ code }, rank) => [code, rank]))
  }

  /** The entry; for a code that is gone the stand-in, until the calendar is read again. */
  find(code: string): Diversion {
    return this.#diversions.get(code) ?? this.#diversions.get(FALLBACK_CODE) ?? fallback
  }

  /** 0 is the highest. */
  rank(code: string): number {
    return this.#ranks.get(code) ?? this.#ranks.size
  }
}
