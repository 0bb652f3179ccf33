/** One page of a list by id. */

export interface Page {
  readonly limit: number
  /** Ids that sort after this one. */
  readonly after?: string
}
