/** How far a consumer is: what follows from each success and failure, and what is saved of it. */
import type { Instant } from '../domain/calendar-event.ts'
import type { ConsumerProgress, UserCounts } from '../storage/consumers.ts'
import type { DeliveryError } from './delivery-error.ts'

/** A consumer that was never sent anything. */
export function initialProgress(now: Instant): ConsumerProgress {
  return {
    state: 'unverified',
    cursor: null,
    acknowledgedAt: null,
    failures: 0,
    failingSince: null,
    error: null,
    behindSince: null,
    savedAt: now,
    users: { ok: 0, sent: 0, failed: 0, takenOver: 0 }
  }
}

/** As after a new address or secret, or when it is resumed: what was acknowledged stays. */
export function renewedProgress(progress: ConsumerProgress, now: Instant): ConsumerProgress {
  return { ...progress, state: 'unverified', failures: 0, failingSince: null, error: null, savedAt: now }
}

export function progressAfterSuccess(progress: ConsumerProgress, now: Instant): ConsumerProgress {
  return { ...progress, state: 'active', acknowledgedAt: now, failures: 0, failingSince: null, error: null }
}

export interface FailurePolicy {
  readonly retryDelaysMs: readonly number[]
  readonly refusedDelaysMs?: readonly number[]
  readonly disableAfterMs: number | null
}

/** `delayMs`: until the next attempt. */
export function progressAfterFailure(
  progress: ConsumerProgress,
  { code, hint, consequence, retryAfterMs }: DeliveryError,
  { retryDelaysMs, refusedDelaysMs, disableAfterMs }: FailurePolicy,
  now: Instant
): { readonly progress: ConsumerProgress; readonly delayMs: number } {
  const isRefused = consequence === 'refused'
  // A refusal after other failures is the first of its own.
  const failures = isRefused === (progress.state === 'refused') ? progress.failures + 1 : 1
  const failingSince = progress.failingSince ?? now
  const isOver = disableAfterMs !== null && now - failingSince >= disableAfterMs
  const state = consequence === 'disable' || isOver ? 'disabled' : isRefused ? 'refused' : 'failing'
  const delays = (isRefused ? refusedDelaysMs : undefined) ?? retryDelaysMs
  const scheduled = delays[Math.min(failures, delays.length) - 1] ?? 0
  return {
    progress: { ...progress, state, failures, failingSince, error: { code, hint } },
    delayMs: Math.max(retryAfterMs ?? 0, scheduled)
  }
}

export function countOutcomes(deliveries: Iterable<{ readonly outcome: keyof UserCounts }>): UserCounts {
  const counts = { ok: 0, sent: 0, failed: 0, takenOver: 0 }
  for (const { outcome } of deliveries) counts[outcome]++
  return counts
}
