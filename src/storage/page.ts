/** Lists by id, a page at a time. */

export interface Page {
  readonly limit: number
  /** Ids that sort after this one. */
  readonly after?: string
}

/** The pages of a list, none of them empty, until one is not full. */
export async function* eachPage<T extends { readonly id: string }>(
  limit: number,
  read: (page: Page) => Promise<readonly T[]>,
  from?: string
): AsyncGenerator<readonly T[]> {
  for (let after = from; ; ) {
    const items = await read({ limit, ...(after !== undefined && { after }) })
    if (items.length > 0) yield items
    if (items.length < limit) return
    after = items.at(-1)!.id
  }
}
