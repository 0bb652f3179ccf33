/** What can be wrong with a calendar file, said without any of its text: names of properties and line numbers only. */

/** One event that cannot be placed in time; the others are read all the same. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent'
  readonly line: number

  /** `message` completes "line 12: …". */
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** The calendar as a whole cannot be read, or would take too much. The message is the hint. */
export class UnreadableCalendar extends Error {
  override readonly name = 'UnreadableCalendar'
}
