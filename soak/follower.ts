/** A consumer that follows its cursor through whatever happens, and records what it received and what must not happen. */
import { setTimeout as after } from 'node:timers/promises'
import { parseCursor } from '../src/status/cursor.ts'
import type { Status } from '../src/status/status-members.ts'
import { checkAnswer, UndocumentedAnswer } from '../test/support/openapi.ts'

export interface ConsumerProbe {
  readonly name: string
  /** What it holds of each user. */
  readonly statuses: ReadonlyMap<string, Status>
  /** The diversions of each user in the order in which they were seen, each once for as long as it went on. */
  readonly seen: ReadonlyMap<string, readonly string[]>
  /** What no consumer should ever meet. */
  readonly faults: readonly string[]
  /** Answers that were 410, and how often it was without an answer. */
  readonly counts: { readonly resets: number; readonly misses: number; readonly answers: number }
  stop(): Promise<void>
}

export interface ConsumerProbeOptions {
  readonly name: string
  readonly tenant: string
  readonly key: string
  /** Where to ask next; null while nobody lives. `failed` is who did not answer just now. */
  readonly chooseOrigin: (failed: string | null) => string | null
  /** False once nobody is led there any more: then whoever waits there goes elsewhere, as a load balancer has it. */
  readonly isAlive: (origin: string) => boolean
  /** Seconds that the long poll may wait. */
  readonly wait: number
  /** The tenant comes and goes: then its cursors end, and it may be not there. */
  readonly mayVanish: boolean
}

/** Milliseconds before somebody else is asked. */
const retryDelayMs = 50

export function startFollower({
  name,
  tenant,
  key,
  chooseOrigin,
  isAlive,
  wait,
  mayVanish
}: ConsumerProbeOptions): ConsumerProbe {
  const held = new Map<string, Status>()
  const seen = new Map<string, string[]>()
  const faults: string[] = []
  const counts = { resets: 0, misses: 0, answers: 0 }
  const stopping = new AbortController()
  let cursor: string | null = null
  const running = run()

  return {
    name,
    statuses: held,
    seen,
    faults,
    counts,
    async stop() {
      stopping.abort()
      await running
    }
  }

  async function run(): Promise<void> {
    let failed: string | null = null
    while (!stopping.signal.aborted) {
      const origin = chooseOrigin(failed)
      failed = null
      const answer = origin === null ? null : await poll(origin)
      if (answer !== null) continue
      counts.misses += 1
      failed = origin
      await after(retryDelayMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  /** Null where there was no answer to go on with. */
  async function poll(origin: string): Promise<true | null> {
    const abandon = new AbortController()
    const watchdog = setInterval(() => isAlive(origin) || abandon.abort(), 50)
    const path = cursor === null ? 'statuses' : `changes?wait=${wait}&cursor=${cursor}`
    try {
      const response = await fetch(`${origin}/v1/tenants/${tenant}/${path}`, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.any([stopping.signal, abandon.signal])
      })
      const { status } = response
      const text = await response.text()
      const contentType = response.headers.get('content-type')
      checkAnswer({ method: 'GET', path: `/v1/tenants/${tenant}/${path}`, status, contentType, text })
      // biome-ignore lint/suspicious/noExplicitAny: what comes is looked at member by member
      const body = JSON.parse(text) as any
      if (response.status === 410) {
        counts.resets += 1
        cursor = null
        return true
      }
      if (response.status === 404 && mayVanish) {
        cursor = null
        held.clear()
        return null
      }
      if (response.status === 502 || response.status === 503) return null
      if (response.status !== 200) {
        faults.push(`${path}: ${response.status} ${JSON.stringify(body)}`)
        return null
      }
      counts.answers += 1
      if (cursor === null) held.clear()
      apply(body.statuses ?? body.changes, body.cursor)
      return true
    } catch (error) {
      if (error instanceof UndocumentedAnswer) faults.push(error.message)
      return null
    } finally {
      clearInterval(watchdog)
    }
  }

  function apply(statuses: (Status | { user: string; removed: true })[], next: string): void {
    const before = cursor === null ? null : parseCursor(cursor)
    const now = parseCursor(next)
    if (now === null) faults.push(`no cursor of ours: ${next}`)
    else if (before !== null && (now.at < before.at || now.position < before.position)) {
      faults.push(`went back from ${JSON.stringify(before)} to ${JSON.stringify(now)}`)
    }
    cursor = next
    for (const status of statuses) {
      if ('removed' in status) {
        held.delete(status.user)
        continue
      }
      held.set(status.user, status)
      const run = seen.get(status.user) ?? []
      seen.set(status.user, run)
      if (run.at(-1) !== status.diversion) run.push(status.diversion)
    }
  }
}
