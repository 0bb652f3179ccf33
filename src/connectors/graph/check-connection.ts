/** "Test connection", step by step, with the very calls that reading uses. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import type { Check, OnPassed, ReadRequest, ReadResult, Target } from '../connector.ts'

/** In the order in which they can fail. A step that passed needs those before it. */
const steps = ['address', 'clock', 'sign-in', 'consent', 'mailbox', 'subjects'] as const
type Step = (typeof steps)[number]
const stepsOfSignIn = steps.slice(0, steps.indexOf('sign-in') + 1)

export async function checkGraphConnection(
  target: Target,
  deps: {
    signIn: (signal: AbortSignal) => Promise<unknown>
    read: (request: ReadRequest) => Promise<readonly ReadResult[]>
    /** As the answers that came so far have it. */
    clockError: () => RemoteError | null
    now: number
    signal: AbortSignal
    onPassed?: OnPassed | undefined
  }
): Promise<readonly Check[]> {
  const { signIn, read, clockError, now, signal, onPassed } = deps
  try {
    await signIn(signal)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    if (unreached.has(error.code)) return stoppedAt('address', error)
    const clockFault = clockError() ?? (error.code === 'clock_wrong' ? error : null)
    return clockFault === null ? stoppedAt('sign-in', error) : stoppedAt('clock', clockFault)
  }
  for (const step of stepsOfSignIn) onPassed?.(step)
  const [reading] = await read({
    targets: [target],
    window: { start: now, end: now + 86_400_000 },
    subjects: true,
    signal
  })
  const clockFault = clockError()
  if (clockFault !== null) return stoppedAt('clock', clockFault)
  if (reading?.outcome === 'failed') return stoppedAt(stepOf(reading.error), reading.error)
  if (reading?.outcome === 'read' && reading.partialRead !== null)
    return stoppedAt('subjects', reading.partialRead)
  return steps.map((name) => ({ name, ok: true }))
}

const unreached: ReadonlySet<SyncCode> = new Set(['unreachable', 'protocol_error', 'proxy_refused'])

/** Which step a failed read failed at. The token was good, so what is unreachable is Graph or the mailbox in it. */
function stepOf({ code, scope }: RemoteError): Step {
  if (code === 'consent_missing') return 'consent'
  if (scope === 'mailbox') return 'mailbox'
  return code === 'access_denied' ? 'consent' : 'address'
}

function stoppedAt(step: Step, { code, hint }: { code: SyncCode; hint: string }): Check[] {
  const passed = steps.slice(0, steps.indexOf(step)).map((name) => ({ name, ok: true }))
  return [...passed, { name: step, ok: false, code, hint }]
}
