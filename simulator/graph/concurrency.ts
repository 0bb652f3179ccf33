/** How many calls are at each place right now. */
export class ConcurrencyCounter {
  readonly #present = new Map<string, number>()

  /** Says how many there are with this one. Whoever enters must leave. */
  enter(place: string): number {
    const present = (this.#present.get(place) ?? 0) + 1
    this.#present.set(place, present)
    return present
  }

  leave(place: string): void {
    const present = (this.#present.get(place) ?? 1) - 1
    if (present === 0) this.#present.delete(place)
    else this.#present.set(place, present)
  }
}
