/** When users are to be sent again though nothing changed: publications expire, and leases. */

export class RefreshSchedule {
  readonly #byUser = new Map<string, { readonly at: number; readonly extension: string }>()

  /** `at` in milliseconds, on any scale that only goes forward. */
  set(user: string, extension: string, at: number): void {
    this.#byUser.set(user, { at, extension })
  }

  delete(user: string): void {
    this.#byUser.delete(user)
  }

  /** Those whose time has come; they are in the schedule no longer. */
  takeDue(now: number): readonly (readonly [user: string, extension: string])[] {
    const due: [string, string][] = []
    for (const [user, { at, extension }] of this.#byUser) if (at <= now) due.push([user, extension])
    for (const [user] of due) this.#byUser.delete(user)
    return due
  }
}
