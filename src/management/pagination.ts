/** Pages of a list by id: one more than asked for is read, to know whether there is more. */
import type { Page } from '../storage/store.ts'

export interface PageAsked {
  /** 1 to 1000; 1000 unless stated. */
  readonly limit?: number
  readonly after?: string
}

export interface Paged<T> {
  readonly items: readonly T[]
  /** The id to go on after; absent when there is no more. */
  readonly after?: string
}

const LARGEST = 1000

export async function onePage<Kept, Shown>(
  asked: PageAsked,
  read: (page: Page) => Promise<readonly Kept[]>,
  show: (kept: Kept) => Shown,
  idOf: (shown: Shown) => string
): Promise<Paged<Shown>> {
  const limit = asked.limit ?? LARGEST
  const found = await read({ limit: limit + 1, ...(asked.after !== undefined && { after: asked.after }) })
  const items = found.slice(0, limit).map(show)
  const last = items.at(-1)
  return found.length > limit && last !== undefined ? { items, after: idOf(last) } : { items }
}
