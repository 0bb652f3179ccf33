/** How consumers and their progress look as bytes. */
import { jsonCodec } from './codec.ts'
import type { ConsumerProgress, ConsumerRecord, DeliveryFault, UserDelivery } from './consumers.ts'
import { keptConsumer, keptConsumerProgress, keptUserDelivery } from './kept-consumers.ts'

export const consumerRecord = jsonCodec<ConsumerRecord>(keptConsumer, (consumer) => ({
  id: consumer.id,
  kind: consumer.kind,
  version: consumer.version,
  open: consumer.open,
  sealed: consumer.sealed,
  pausedAt: consumer.pausedAt,
  changedAt: consumer.changedAt
}))

export const consumerProgressRecord = jsonCodec<ConsumerProgress>(keptConsumerProgress, (progress) => ({
  state: progress.state,
  cursor: progress.cursor,
  acknowledgedAt: progress.acknowledgedAt,
  failures: progress.failures,
  failingSince: progress.failingSince,
  error: faultOnly(progress.error),
  behindSince: progress.behindSince,
  savedAt: progress.savedAt,
  users: {
    ok: progress.users.ok,
    sent: progress.users.sent,
    failed: progress.users.failed,
    takenOver: progress.users.takenOver
  }
}))

export const userDeliveryRecord = jsonCodec<UserDelivery>(keptUserDelivery, (delivery) => ({
  user: delivery.user,
  extension: delivery.extension,
  outcome: delivery.outcome,
  digest: delivery.digest,
  tag: delivery.tag,
  at: delivery.at,
  refreshAt: delivery.refreshAt,
  error: faultOnly(delivery.error)
}))

function faultOnly(fault: DeliveryFault | null): DeliveryFault | null {
  return fault && { code: fault.code, hint: fault.hint }
}
