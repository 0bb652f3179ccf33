/** What sync says in the log, and what it must not say there. */

export interface Log {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** An error by its kind and place alone: its message may quote what was being read (JSON.parse's does). */
export function redactError(error: unknown): { readonly error: string; readonly at: readonly string[] } {
  if (!(error instanceof Error)) return { error: typeof error, at: [] }
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line))
  return { error: error.name, at: frames.slice(0, 8).map((line) => line.trim()) }
}
