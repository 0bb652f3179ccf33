/** The control API of notifications: subscriptions and their lifecycle, delivery faults, and streams. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { oneOf, optional, strictObject, text } from './control-schemas.ts'
import type { DeliveryFaults } from './delivery-faults.ts'
import type { EntraDirectories } from './directories.ts'
import { breaks, chunkings } from './ews/streams.ts'
import type { SubscriptionStore } from './ews/subscription-store.ts'
import { type ChangeNotifications, graphLifecycleEvents } from './graph/change-notifications.ts'
import type { Deliveries } from './graph/deliveries.ts'
import type { GraphSubscriptionStore } from './graph/subscriptions.ts'
import { requireDirectory } from './not-found.ts'
import type { Selection } from './seeded-random.ts'

export interface NotificationControlDeps {
  readonly directories: EntraDirectories
  /** EWS's subscriptions. */
  readonly ewsSubscriptions: SubscriptionStore
  /** Graph's. */
  readonly graphSubscriptions: GraphSubscriptionStore
  readonly graphNotifications: ChangeNotifications
  readonly graphDeliveries: Deliveries
  readonly deliveryFaults: DeliveryFaults
}

const natural = Type.Integer({ minimum: 1 })
const milliseconds = Type.Integer({ minimum: 0 })
const probability = Type.Number({ minimum: 0, maximum: 1 })
const selection = {
  tenant: optional(text),
  mailbox: optional(text),
  probability: optional(probability),
  seed: optional(Type.Integer())
}

const limitsBody = strictObject({
  perMailbox: optional(Type.Integer({ minimum: 0 })),
  longest: optional(natural),
  shortest: optional(natural),
  pageSize: optional(natural),
  handshake: optional(natural)
})
const lifecycleBody = strictObject({
  ...selection,
  event: oneOf(graphLifecycleEvents),
  silently: optional(Type.Boolean()),
  pausing: optional(Type.Boolean())
})
const conditionsBody = strictObject({
  seed: optional(Type.Integer()),
  delay: optional(strictObject({ min: milliseconds, max: milliseconds })),
  lost: optional(probability),
  duplicated: optional(probability),
  reordered: optional(probability),
  protocol: optional(oneOf(['graph', 'ews', 'both']))
})
const deliveryBody = strictObject({
  perPost: optional(natural),
  atOnce: optional(natural),
  firstRetry: optional(milliseconds),
  longestRetry: optional(milliseconds),
  giveUpAfter: optional(milliseconds),
  answerWithin: optional(natural)
})
const streamsBody = strictObject({
  heartbeat: optional(natural),
  minute: optional(natural),
  chunks: optional(oneOf(chunkings)),
  hangsUp: optional(Type.Boolean()),
  seed: optional(Type.Integer())
})
const breakBody = strictObject({ ...selection, how: oneOf(breaks) })
const dropSubscriptionsBody = strictObject({ ...selection, silently: optional(Type.Boolean()) })
const listQuery = strictObject({ tenant: optional(text), mailbox: optional(text) })

export function notificationRoutes(deps: NotificationControlDeps): FastifyPluginAsyncTypebox {
  const {
    directories,
    ewsSubscriptions,
    graphSubscriptions,
    graphNotifications,
    graphDeliveries,
    deliveryFaults
  } = deps
  const { streams } = ewsSubscriptions
  /** The tenant by its id, whatever it was called. */
  const withTenantId = <T extends Selection>(order: T): T =>
    order.tenant === undefined ? order : { ...order, tenant: requireDirectory(directories, order.tenant).id }
  return async (app) => {
    app.get('/subscriptions', { schema: { querystring: listQuery } }, async ({ query }) => {
      return graphSubscriptions.list(withTenantId(query)).map(({ changes: _, isPaused, ...each }) => ({
        ...each,
        expires: new Date(each.expires).toISOString(),
        paused: isPaused
      }))
    })
    app.put('/subscriptions/limits', { schema: { body: limitsBody } }, async ({ body }) => {
      return graphSubscriptions.configure(body)
    })
    app.post('/subscriptions/lifecycle', { schema: { body: lifecycleBody } }, async ({ body }) => {
      const { event, ...order } = body
      return { subscriptions: graphNotifications.lifecycle(event, withTenantId(order)) }
    })

    app.get('/notifications', async () => ({
      subscriptions: { graph: graphSubscriptions.count(), ews: ewsSubscriptions.count() },
      streams: streams.count,
      conditions: deliveryFaults.conditions,
      network: { ...deliveryFaults.counts(), inTransit: deliveryFaults.inTransit },
      deliveries: graphDeliveries.counts()
    }))
    // No delivery faults, nothing in transit, and counts from 0; subscriptions stay.
    app.delete('/notifications', async (_request, reply) => {
      deliveryFaults.clear()
      graphDeliveries.clear()
      return reply.code(204).send()
    })
    app.put('/notifications/conditions', { schema: { body: conditionsBody } }, async ({ body }) => {
      deliveryFaults.set(body)
      return deliveryFaults.conditions
    })
    app.post(
      '/notifications/drop',
      { schema: { body: strictObject({ count: natural }) } },
      async ({ body }, reply) => {
        deliveryFaults.dropNext(body.count)
        return reply.code(204).send()
      }
    )
    app.post('/notifications/hold', async (_request, reply) => {
      deliveryFaults.hold()
      return reply.code(204).send()
    })
    app.post('/notifications/release', async () => ({ notifications: deliveryFaults.release() }))
    app.put('/notifications/delivery', { schema: { body: deliveryBody } }, async ({ body }) => {
      return graphDeliveries.configure(body)
    })

    app.put('/streams', { schema: { body: streamsBody } }, async ({ body }) => streams.configure(body))
    app.post('/streams/break', { schema: { body: breakBody } }, async ({ body }) => {
      const { how, ...order } = body
      return { streams: streams.end(how, withTenantId(order)) }
    })
    // EWS's subscriptions: their ids die.
    app.post('/streams/drop-subscriptions', { schema: { body: dropSubscriptionsBody } }, async ({ body }) => {
      return { subscriptions: ewsSubscriptions.dropSubscriptions(withTenantId(body)) }
    })
  }
}
