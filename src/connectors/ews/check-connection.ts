/** "Test connection", step by step, with the very calls that reading uses. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import type { Check, ReadRequest, ReadResult, Target } from '../connector.ts'
import type { EwsEndpoint } from './client/endpoint.ts'

/** In the order in which they can fail. A step that passed needs those before it. */
const steps = [
  'autodiscover',
  'name',
  'connect',
  'tls',
  'sign-in',
  'ews',
  'rights',
  'impersonation',
  'subjects'
] as const
type Step = (typeof steps)[number]

export async function checkConnection(
  target: Target,
  deps: {
    endpoint: EwsEndpoint
    read: (request: ReadRequest) => Promise<readonly ReadResult[]>
    access: 'delegate' | 'impersonation'
    now: number
    signal: AbortSignal
  }
): Promise<readonly Check[]> {
  const { endpoint, read, access, now, signal } = deps
  const rights = access === 'delegate' ? 'rights' : 'impersonation'
  const walked = steps.filter((step) => {
    if (step === 'rights' || step === 'impersonation') return step === rights
    return step !== 'autodiscover' || endpoint.usesAutodiscover
  })
  endpoint.resetForTest()
  try {
    await endpoint.open(signal)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    const signedOut = stepOf(error) === 'sign-in'
    return failedAt(walked, endpoint.usesAutodiscover && !signedOut ? 'autodiscover' : 'name', error)
  }
  const window = { start: now, end: now + 86_400_000 }
  const [reading] = await read({ targets: [target], window, subjects: true, signal })
  if (reading?.outcome === 'failed') {
    const { error } = reading
    const step = error.scope === 'mailbox' && !signal.aborted ? rights : stepOf(error)
    return failedAt(walked, error.code === 'access_denied' ? rights : step, error)
  }
  if (reading?.outcome === 'read' && reading.partialRead !== null) {
    return failedAt(walked, 'subjects', reading.partialRead)
  }
  return walked.map((name) => ({ name, ok: true }))
}

/** How far a call came that hit the connection as a whole. */
function stepOf({ code, cause }: RemoteError): Step {
  if (code === 'secret_invalid' || code === 'secret_expired' || code === 'consent_missing') return 'sign-in'
  if (code !== 'unreachable') return 'ews'
  const reason = innermostCode(cause)
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return 'name'
  if (/CERT|SSL|TLS|SIGNATURE|INVALID_CA/.test(reason)) return 'tls'
  return 'connect'
}

/** The code of the innermost error that has one. */
function innermostCode(cause: unknown): string {
  let reason = ''
  let next = cause
  for (let depth = 0; next instanceof Error && depth < 10; depth += 1) {
    const { code } = next as { code?: unknown }
    if (typeof code === 'string' && !(next instanceof RemoteError)) reason = code
    next = next instanceof AggregateError ? (next.errors[0] ?? next.cause) : next.cause
  }
  return reason
}

function failedAt(
  walked: readonly Step[],
  step: Step,
  { code, hint }: { code: SyncCode; hint: string }
): Check[] {
  const passed = walked.slice(0, walked.indexOf(step)).map((name) => ({ name, ok: true }))
  return [...passed, { name: step, ok: false, code, hint }]
}
