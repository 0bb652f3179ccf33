/** "Test connection", step by step, with the very calls that reading uses; `ok` is said of steps that ran, and of no other. */
import { RemoteError } from '../../errors.ts'
import type { Check, OnPassed, Target } from '../connector.ts'
import type { ConnectionStep } from './client/socket.ts'
import { type EwsReader, notSmtpAddressError } from './read/ews-reader.ts'
import { isSmtpAddress } from './soap/requests.ts'

/** In the order in which they can fail. */
const steps = [
  'autodiscover',
  'name',
  'connect',
  'tls',
  'clock',
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
    openReader: (onStep: (step: ConnectionStep) => void) => EwsReader
    access: 'delegate' | 'impersonation'
    now: number
    signal: AbortSignal
    onPassed?: OnPassed | undefined
  }
): Promise<readonly Check[]> {
  const { openReader, access, now, signal, onPassed } = deps
  const rights = access === 'delegate' ? 'rights' : 'impersonation'
  const passed = new Set<Step>()
  if (!isSmtpAddress(target.mailbox)) return checksOf(passed, rights, notSmtpAddressError)
  const pass = (step: Step) => {
    if (passed.has(step)) return
    passed.add(step)
    onPassed?.(step)
  }
  const reader = openReader(pass)
  const { endpoint } = reader
  try {
    const opened = await endpoint.open(signal)
    if (endpoint.usesAutodiscover) pass('autodiscover')
    const window = { start: now, end: now + 86_400_000 }
    const [result] = await reader.read({ targets: [target], window, subjects: true, signal })
    // A sign-in may be refused for the clock alone.
    const clockError = reader.clockError()
    if (clockError !== null) return checksOf(passed, 'clock', clockError)
    if (result?.outcome === 'failed') {
      return checksOf(
        passed,
        failedStep(result.error, rights, stepsTo(opened.transport.steps, passed)),
        result.error
      )
    }
    pass(rights)
    if (result?.outcome === 'read' && result.partialRead !== null) {
      return checksOf(passed, 'subjects', result.partialRead)
    }
    pass('subjects')
    return checksOf(passed, null, null)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    return checksOf(passed, isSignIn(error) ? 'sign-in' : 'autodiscover', error)
  } finally {
    reader.close()
  }
}

/** The first that was not passed of those that lead to the server. */
function stepsTo(way: readonly ConnectionStep[], passed: ReadonlySet<Step>): ConnectionStep | undefined {
  return way.find((step) => !passed.has(step))
}

function failedStep(error: RemoteError, rights: Step, next: ConnectionStep | undefined): Step {
  if (isSignIn(error)) return 'sign-in'
  if (error.code === 'access_denied' || error.code === 'mailbox_unknown') return rights
  if (error.code === 'unreachable' || error.code === 'proxy_refused') return next ?? rights
  return error.scope === 'mailbox' ? rights : 'ews'
}

function isSignIn({ code }: RemoteError): boolean {
  return code === 'secret_invalid' || code === 'secret_expired' || code === 'consent_missing'
}

function checksOf(
  passed: ReadonlySet<Step>,
  failed: Step | null,
  why: Pick<RemoteError, 'code' | 'hint'> | null
): Check[] {
  const end = failed === null ? steps.length : steps.indexOf(failed)
  const checks: Check[] = steps
    .slice(0, end)
    .filter((step) => passed.has(step))
    .map((name) => ({ name, ok: true }))
  if (failed !== null && why !== null)
    checks.push({ name: failed, ok: false, code: why.code, hint: why.hint })
  return checks
}
