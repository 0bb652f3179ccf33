/** "Test connection" of one calendar, step by step, with the very calls that reading uses. */
import type { Check, OnPassed, Target } from '../connector.ts'
import { type CalendarReader, toRemoteError } from './calendar-reader.ts'

const DAY = 86_400_000

/** Stops at the first step that fails. */
export async function checkCalendar(
  reader: CalendarReader,
  { mailbox, timeZone, owner }: Target,
  {
    now,
    signal,
    onPassed
  }: { readonly now: number; readonly signal: AbortSignal; readonly onPassed?: OnPassed | undefined }
): Promise<readonly Check[]> {
  const target = { mailbox, timeZone, ...(owner === undefined ? {} : { owner }) }
  const passed: Check[] = []
  const stopAt = (name: string, { code, hint }: Pick<Required<Check>, 'code' | 'hint'>) => [
    ...passed,
    { name, ok: false, code, hint }
  ]
  let step = 'address'
  const pass = (next: string) => {
    passed.push({ name: step, ok: true })
    onPassed?.(step)
    step = next
  }
  try {
    const source = reader.locate(target)
    pass('reach')
    const fetched = await reader.fetch(source, target, signal)
    if (fetched === 'unchanged') return passed
    pass('clock')
    const clockError = reader.clockError(source)
    if (clockError !== null) return stopAt(step, clockError)
    pass('read')
    const window = { start: now - DAY, end: now + 14 * DAY }
    const result = await reader.parse(source, fetched, target, { window, subjects: true, signal })
    const partialRead = result.outcome === 'read' ? result.partialRead : null
    pass('content')
    if (partialRead !== null && partialRead.code !== 'subject_not_readable') return stopAt(step, partialRead)
    pass('subjects')
    if (partialRead !== null) return stopAt(step, partialRead)
    pass('')
    return passed
  } catch (error) {
    return stopAt(step, toRemoteError(error))
  }
}
