/** The control API of notices: subscriptions and their lives, what befalls notices on their way, and streams. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { closed, oneOf, optional, text } from './control-schemas.ts'
import type { Fates } from './delivery-faults.ts'
import type { Directories } from './directories.ts'
import type { Notices } from './ews/notices.ts'
import { breaks, chunkings } from './ews/streams.ts'
import { type ChangeNotifications, graphLifecycleEvents } from './graph/change-notifications.ts'
import type { Deliveries } from './graph/deliveries.ts'
import type { GraphSubscriptionStore } from './graph/subscriptions.ts'
import { tenantNamed } from './not-found.ts'
import type { Which } from './seeded-random.ts'

export interface NoticeNeeds {
  readonly directories: Directories
  /** EWS's subscriptions. */
  readonly notices: Notices
  /** Graph's. */
  readonly subscriptions: GraphSubscriptionStore
  readonly graphNotices: ChangeNotifications
  readonly deliveries: Deliveries
  readonly fates: Fates
}

const natural = Type.Integer({ minimum: 1 })
const milliseconds = Type.Integer({ minimum: 0 })
const share = Type.Number({ minimum: 0, maximum: 1 })
const which = {
  tenant: optional(text),
  mailbox: optional(text),
  share: optional(share),
  seed: optional(Type.Integer())
}

const limitsBody = closed({
  perMailbox: optional(Type.Integer({ minimum: 0 })),
  longest: optional(natural),
  shortest: optional(natural),
  pageSize: optional(natural),
  handshake: optional(natural)
})
const lifecycleBody = closed({
  ...which,
  event: oneOf(graphLifecycleEvents),
  silently: optional(Type.Boolean()),
  pausing: optional(Type.Boolean())
})
const weatherBody = closed({
  seed: optional(Type.Integer()),
  delay: optional(closed({ min: milliseconds, max: milliseconds })),
  lost: optional(share),
  duplicated: optional(share),
  reordered: optional(share),
  protocol: optional(oneOf(['graph', 'ews', 'both']))
})
const deliveryBody = closed({
  perPost: optional(natural),
  atOnce: optional(natural),
  firstRetry: optional(milliseconds),
  longestRetry: optional(milliseconds),
  giveUpAfter: optional(milliseconds),
  answerWithin: optional(natural)
})
const streamsBody = closed({
  heartbeat: optional(natural),
  minute: optional(natural),
  chunks: optional(oneOf(chunkings)),
  seed: optional(Type.Integer())
})
const breakBody = closed({ ...which, how: oneOf(breaks) })
const loseBody = closed({ ...which, silently: optional(Type.Boolean()) })
const listQuery = closed({ tenant: optional(text), mailbox: optional(text) })

export function noticeRoutes(needs: NoticeNeeds): FastifyPluginAsyncTypebox {
  const { directories, notices, subscriptions, graphNotices, deliveries, fates } = needs
  const { streams } = notices
  /** The tenant by its id, whatever it was called. */
  const found = <T extends Which>(order: T): T =>
    order.tenant === undefined ? order : { ...order, tenant: tenantNamed(directories, order.tenant).id }
  return async (app) => {
    app.get('/subscriptions', { schema: { querystring: listQuery } }, async ({ query }) => {
      return subscriptions.list(found(query)).map(({ changes: _, waiting, ...each }) => ({
        ...each,
        expires: new Date(each.expires).toISOString(),
        paused: waiting !== null
      }))
    })
    app.put('/subscriptions/limits', { schema: { body: limitsBody } }, async ({ body }) => {
      return subscriptions.configure(body)
    })
    app.post('/subscriptions/lifecycle', { schema: { body: lifecycleBody } }, async ({ body }) => {
      const { event, ...order } = body
      return { subscriptions: graphNotices.lifecycle(event, found(order)) }
    })

    app.get('/notices', async () => ({
      subscriptions: { graph: subscriptions.count(), ews: notices.count() },
      streams: streams.count,
      weather: fates.weather,
      fates: { ...fates.counts(), underWay: fates.underWay },
      deliveries: deliveries.counts()
    }))
    // Fair weather, nothing under way, and counts from nothing; subscriptions stay.
    app.delete('/notices', async (_request, reply) => {
      fates.clear()
      deliveries.clear()
      return reply.code(204).send()
    })
    app.put('/notices/weather', { schema: { body: weatherBody } }, async ({ body }) => {
      fates.set(body)
      return fates.weather
    })
    app.post('/notices/lose', { schema: { body: closed({ count: natural }) } }, async ({ body }, reply) => {
      fates.loseNext(body.count)
      return reply.code(204).send()
    })
    app.post('/notices/hold', async (_request, reply) => {
      fates.hold()
      return reply.code(204).send()
    })
    app.post('/notices/release', async () => ({ notices: fates.release() }))
    app.put('/notices/delivery', { schema: { body: deliveryBody } }, async ({ body }) => {
      return deliveries.configure(body)
    })

    app.put('/streams', { schema: { body: streamsBody } }, async ({ body }) => streams.configure(body))
    app.post('/streams/break', { schema: { body: breakBody } }, async ({ body }) => {
      const { how, ...order } = body
      return { streams: streams.break(how, found(order)) }
    })
    // EWS's subscriptions: their ids die.
    app.post('/streams/lose', { schema: { body: loseBody } }, async ({ body }) => {
      return { subscriptions: notices.lose(found(body)) }
    })
  }
}
