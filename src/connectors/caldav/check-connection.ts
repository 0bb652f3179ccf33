/** "Test connection", step by step, with the very calls that reading uses; `ok` is said of steps that a success needs. */
import type { RemoteError } from '../../errors.ts'
import type { Check, OnPassed, ReadRequest, ReadResult, Target } from '../connector.ts'
import { toCaldavError } from './errors.ts'

/** In the order in which they can fail. A step that passed needs those before it. */
const steps = ['discovery', 'reach', 'clock', 'sign-in', 'calendar', 'content', 'subjects'] as const
type Step = (typeof steps)[number]

const dayMs = 86_400_000

export async function checkCaldav(
  target: Target,
  deps: {
    /** By `domain`; does nothing where the address is stated. */
    findServiceUrl: () => Promise<unknown>
    read: (request: ReadRequest) => Promise<readonly ReadResult[]>
    clockError: () => RemoteError | null
    onBegin: () => void
    now: number
    signal: AbortSignal
    onPassed?: OnPassed | undefined
  }
): Promise<readonly Check[]> {
  const { findServiceUrl, read, clockError, onBegin, now, signal, onPassed } = deps
  onBegin()
  try {
    await findServiceUrl()
  } catch (error) {
    return stoppedAt('discovery', toCaldavError(error))
  }
  onPassed?.('discovery')
  const { etag: _, ...whole } = target
  const window = { start: now - dayMs, end: now + 14 * dayMs }
  const [result] = await read({ targets: [whole], window, subjects: true, signal })
  const clockFault = clockError()
  if (clockFault !== null) return stoppedAt('clock', clockFault)
  if (result?.outcome === 'failed') return stoppedAt(stepOf(result.error), result.error)
  const partialRead = result?.outcome === 'read' ? result.partialRead : null
  if (partialRead !== null)
    return stoppedAt(partialRead.code === 'subject_not_readable' ? 'subjects' : 'content', partialRead)
  return steps.map((name) => ({ name, ok: true }))
}

function stepOf({ code, scope }: RemoteError): Step {
  if (code === 'secret_invalid') return 'sign-in'
  if (code === 'unreachable' || code === 'throttled' || code === 'proxy_refused') return 'reach'
  if (scope === 'connection') return 'discovery'
  return 'calendar'
}

function stoppedAt(step: Step, { code, hint }: Pick<RemoteError, 'code' | 'hint'>): Check[] {
  const passed = steps.slice(0, steps.indexOf(step)).map((name) => ({ name, ok: true }))
  return [...passed, { name: step, ok: false, code, hint }]
}
