/** "Test connection", step by step, with the very calls that reading uses. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import type { Check, ReadRequest, ReadResult, Target } from '../connector.ts'

/** In the order in which they can fail. A step that passed needs those before it. */
const steps = ['address', 'sign-in', 'consent', 'mailbox', 'subjects'] as const
type Step = (typeof steps)[number]

export async function checkGraphConnection(
  target: Target,
  needs: {
    signIn: (signal: AbortSignal) => Promise<unknown>
    read: (request: ReadRequest) => Promise<readonly ReadResult[]>
    now: number
    signal: AbortSignal
  }
): Promise<readonly Check[]> {
  const { signIn, read, now, signal } = needs
  try {
    await signIn(signal)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    return stoppedAt(
      error.code === 'unreachable' || error.code === 'protocol_error' ? 'address' : 'sign-in',
      error
    )
  }
  const [reading] = await read({
    targets: [target],
    window: { start: now, end: now + 86_400_000 },
    subjects: true,
    signal
  })
  if (reading?.outcome === 'failed') return stoppedAt(stepOf(reading.error), reading.error)
  if (reading?.outcome === 'read' && reading.partialRead !== null)
    return stoppedAt('subjects', reading.partialRead)
  return steps.map((name) => ({ name, ok: true }))
}

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
