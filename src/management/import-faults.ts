/** What is wrong with the rows of a sheet. */
import { type FieldFault, RequestError } from '../errors.ts'

/** An answer lists at most so many faults and counts the rest. */
const MAX_ERRORS = 10_000

/** The faults of all rows, in their order. */
export class ImportFaults {
  #count = 0
  #badRows = 0
  readonly #reported: FieldFault[] = []

  get count(): number {
    return this.#count
  }

  add(row: number, faults: readonly FieldFault[]): void {
    if (faults.length === 0) return
    this.#count += faults.length
    this.#badRows += 1
    for (const { field, message } of faults) {
      if (this.#reported.length < MAX_ERRORS) this.#reported.push({ field, message, row })
    }
  }

  toError(rows: number): RequestError {
    const more = this.#count - this.#reported.length
    return new RequestError(
      'invalid_request',
      `Of ${rows} rows ${this.#badRows} cannot be taken, so nothing was changed: correct them and send the file again.`,
      more === 0
        ? this.#reported
        : [...this.#reported, { field: 'file', message: `has ${more} more faults in the rows below` }]
    )
  }
}
