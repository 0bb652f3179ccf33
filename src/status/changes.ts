/** What changed since a cursor, as JSON that is written already. */

export interface Changes {
  readonly cursor: string
  /** Each a Status, or `{user, extension, removed: true}`, as JSON; by extension likewise. */
  readonly changes: readonly string[]
  /** See `TenantView.isCurrent`. */
  readonly isCurrent: boolean
}
