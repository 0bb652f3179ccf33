/** Who made a change, as they were called when they made it. */
export interface Author {
  readonly kind: 'key' | 'operator'
  /** The id of the key; `admin` for HANVISA_ADMIN_KEY; the identity of an operator who signed in. */
  readonly id: string
  readonly name: string
}
