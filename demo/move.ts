/** One mailbox of the tenant with an Exchange of its own moves to Microsoft 365, and the service finds it there. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiClient } from './api.ts'
import type { DemoUser, SampleTenant } from './tenants.ts'

/** As the simulator calls the phases of a move, each with how long it takes here. */
const phases = [
  { hosting: 'moveInProgress', milliseconds: 15_000, story: 'is being moved to Microsoft 365' },
  { hosting: 'moved', milliseconds: 10_000, story: 'has been moved; the directory there is still stale' },
  { hosting: 'cloud', milliseconds: 0, story: 'is in Microsoft 365 from now on' }
] as const
export type MovePhase = (typeof phases)[number]['hosting']

export interface MailboxMove {
  readonly tenant: SampleTenant
  readonly person: DemoUser
  readonly setPhase: (phase: MovePhase) => Promise<void>
  readonly say: (story: string) => void
}

const beginAfterMs = 30_000
const askEveryMs = 2_000

interface SyncReport {
  readonly users: readonly {
    readonly home: { readonly connection: string; readonly movedAt: string | null } | null
  }[]
}

/** Resolves when the mailbox is read at its new place. */
export async function moveMailbox(
  api: ApiClient,
  { tenant, person, setPhase, say }: MailboxMove,
  signal: AbortSignal
): Promise<void> {
  await pause(beginAfterMs, undefined, { signal })
  for (const { hosting, milliseconds, story } of phases) {
    await setPhase(hosting)
    say(`the mailbox of ${person.name} ${story}`)
    await pause(milliseconds, undefined, { signal })
  }
  const path = `/v1/tenants/${tenant.id}/sync?user=${person.id}`
  for (;;) {
    const { users } = await api.get<SyncReport>(path)
    if (users[0]?.home?.movedAt != null) break
    await pause(askEveryMs, undefined, { signal })
  }
  say(`the mailbox of ${person.name} was found there, and is read over Microsoft 365`)
}
