/** Pages of a list by id: one more than asked for is read, to know whether there is more. */
import type { Page } from '../storage/page.ts'

export interface PageRequest {
  /** 1 to 1000; 1000 unless stated. */
  readonly limit?: number
  readonly after?: string
}

export interface PagedList<T> {
  readonly items: readonly T[]
  /** The id to go on after; absent when there is no more. */
  readonly after?: string
}

const MAX_PAGE_SIZE = 1000

export async function paginate<Stored, Item>(
  asked: PageRequest,
  read: (page: Page) => Promise<readonly Stored[]>,
  toItem: (stored: Stored) => Item,
  idOf: (shown: Item) => string
): Promise<PagedList<Item>> {
  const limit = asked.limit ?? MAX_PAGE_SIZE
  const found = await read({ limit: limit + 1, ...(asked.after !== undefined && { after: asked.after }) })
  const items = found.slice(0, limit).map(toItem)
  const last = items.at(-1)
  return found.length > limit && last !== undefined ? { items, after: idOf(last) } : { items }
}
