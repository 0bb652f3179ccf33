/** Whether a connection that is limited to some mailboxes is refused another: the proof that the limit holds. */
import type { Check, Connector, Target } from '../connectors/connector.ts'

/** Milliseconds of the calendar that are asked for. What comes of it is not looked at. */
const WINDOW_MS = 3_600_000

/** Reads as reading does. Only the calendar system's own refusal passes: no answer proves nothing. */
export async function checkRefusal(
  connector: Pick<Connector, 'read'>,
  target: Target,
  now: number,
  signal: AbortSignal
): Promise<Check> {
  const window = { start: now, end: now + WINDOW_MS }
  const [result] = await connector.read({ targets: [target], window, subjects: true, signal })
  if (result?.outcome !== 'failed') {
    return {
      name: 'probe',
      ok: false,
      hint: `${target.mailbox} could be read, so the connection is not limited to a list that leaves it out. Over Graph: withdraw the consent to calendar permissions in Entra, for it goes before RBAC for Applications. Over EWS: narrow the scope of ApplicationImpersonation. A change takes up to two hours.`
    }
  }
  const { code, hint, scope } = result.error
  const isRefused = code === 'access_denied' || code === 'consent_missing'
  if (isRefused && scope === 'mailbox') return { name: 'probe', ok: true }
  if (code === 'mailbox_unknown') {
    const remedy = 'That proves nothing: name a mailbox that exists and that the connection may not read.'
    return { name: 'probe', ok: false, code, hint: `${hint} ${remedy}` }
  }
  return { name: 'probe', ok: false, code, hint }
}

/** Where a person's rights in each calendar decide, no list does. */
export const probeUseless: Check = {
  name: 'probe',
  ok: false,
  hint: 'A probe asks whether a list of mailboxes holds, which this connection has none of: leave it out. Connections over graph, and over ews with access impersonation, can be limited to a list.'
}
