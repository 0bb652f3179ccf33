/** Callers who share one connect: whoever gives up fails nobody else. And how long a consumer waits after each failure. */
import {
  initialProgress,
  progressAfterFailure,
  progressAfterSuccess
} from '../../src/delivery/consumer-progress.ts'
import { DeliveryError } from '../../src/delivery/delivery-error.ts'
import { SharedAttempt } from '../../src/delivery/shared-attempt.ts'
import { sipKind } from '../../src/delivery/sip/kind.ts'
import { webhookKind } from '../../src/delivery/webhook/kind.ts'
import t from '../group/tap.ts'

t.test('whoever gives up leaves the attempt to the others; when all have, it ends', async (t) => {
  const shared = new SharedAttempt<string>()
  const begun: AbortSignal[] = []
  let finish = (_: string) => {}
  const begin = (signal: AbortSignal) => {
    begun.push(signal)
    return new Promise<string>((resolve, reject) => {
      finish = resolve
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
  const callers = Array.from({ length: 3 }, () => new AbortController())
  const [first, second, third] = callers.map(({ signal }) => shared.run(begin, signal))
  callers[0]!.abort(new Error('gave up'))
  await t.rejects(first!, { message: 'gave up' })
  t.equal(begun.length, 1)
  t.notOk(begun[0]!.aborted)
  finish('there')
  t.same(await Promise.all([second, third]), ['there', 'there'])

  const alone = new AbortController()
  const left = shared.run(begin, alone.signal)
  alone.abort(new Error('alone'))
  await t.rejects(left, { message: 'alone' })
  t.ok(begun[1]!.aborted, 'nobody waits for it any more')
  const next = shared.run(begin, new AbortController().signal)
  finish('anew')
  t.equal(await next, 'anew')
  t.equal(begun.length, 3)
  await t.rejects(shared.run(begin, AbortSignal.abort(new Error('before'))), { message: 'before' })
})

const minutes = (count: number) => count * 60_000

t.test('how long is waited, and when it is given up', async (t) => {
  const waits = (kind: Parameters<typeof progressAfterFailure>[2], error: DeliveryError, count: number) => {
    let progress = initialProgress(0)
    return Array.from({ length: count }, () => {
      const after = progressAfterFailure(progress, error, kind, 0)
      progress = after.progress
      return after.delayMs
    })
  }
  const refused = new DeliveryError('refused', '', { consequence: 'refused' })
  const unreachable = new DeliveryError('unreachable', '')
  t.same(waits(sipKind, refused, 4), [1, 5, 30, 30].map(minutes), 'a SIP account that is refused')
  t.same(waits(sipKind, unreachable, 7), [1_000, 5_000, 30_000, ...[1, 5, 30, 30].map(minutes)])
  t.same(waits(webhookKind, unreachable, 6), [1_000, 5_000, 30_000, ...[2, 5, 5].map(minutes)])
  const busy = new DeliveryError('throttled', '', { retryAfterMs: minutes(10) })
  t.same(waits(webhookKind, busy, 1), [minutes(10)], 'as long as it says')
  let mixed = progressAfterFailure(initialProgress(0), unreachable, sipKind, 0).progress
  mixed = progressAfterFailure(mixed, unreachable, sipKind, 0).progress
  t.equal(progressAfterFailure(mixed, refused, sipKind, 0).delayMs, minutes(1), 'a refusal begins anew')

  const hours = (count: number) => count * 3_600_000
  const failing = progressAfterFailure(initialProgress(0), unreachable, webhookKind, 0).progress
  const state = (at: number) => progressAfterFailure(failing, unreachable, webhookKind, at).progress.state
  t.equal(state(hours(72) - 1), 'failing')
  t.equal(state(hours(72)), 'disabled', 'after 72 hours of failing')
  const again = progressAfterFailure(
    progressAfterSuccess(failing, hours(71)),
    unreachable,
    webhookKind,
    hours(73)
  )
  t.equal(again.progress.state, 'failing', 'a success in between begins them anew')
  const gone = new DeliveryError('gone', '', { consequence: 'disable' })
  t.equal(
    progressAfterFailure(initialProgress(0), gone, webhookKind, 0).progress.state,
    'disabled',
    '410 at once'
  )
  t.equal(
    progressAfterFailure(failing, unreachable, sipKind, hours(1000)).progress.state,
    'failing',
    'SIP never'
  )
})
