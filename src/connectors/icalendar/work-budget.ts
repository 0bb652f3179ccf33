/** How much work a calendar may cause, counted in steps and not in time, so that the same calendar always ends the same. */

export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork'
}

/** One step stands for one period, day or time that is looked at. What is spent is spent of the parent too. */
export class WorkBudget {
  readonly #parent: WorkBudget | null
  #steps: number

  constructor(maxSteps: number, parent: WorkBudget | null = null) {
    this.#steps = maxSteps
    this.#parent = parent
  }

  get left(): number {
    return Math.max(0, this.#steps)
  }

  /** Throws TooMuchWork. */
  spend(steps: number): void {
    this.#steps -= steps
    if (this.#steps < 0) throw new TooMuchWork('it takes too much work')
    this.#parent?.spend(steps)
  }
}
