/** From an edit to the POST: what Graph sends subscribers about events, and about their subscriptions. */
import type { DeliveryFaults } from '../delivery-faults.ts'
import type { MailboxChange, Mailboxes } from '../mailboxes.ts'
import type { Selection } from '../seeded-random.ts'
import type { Deliveries } from './deliveries.ts'
import { graphChangeKeyOf, graphIdOf } from './event-shape.ts'
import type { GraphSubscription, GraphSubscriptionStore } from './subscriptions.ts'

export const graphLifecycleEvents = ['reauthorizationRequired', 'subscriptionRemoved', 'missed'] as const
export type GraphLifecycleEvent = (typeof graphLifecycleEvents)[number]

export interface LifecycleOrder extends Selection {
  /** A subscription is removed and nobody is notified. */
  readonly silently?: boolean
  /**
   * Notifications are dropped until the subscription is authorised again or renewed; with `reauthorizationRequired` only.
   * What changes meanwhile is never notified (learn.microsoft.com/graph/change-notifications-lifecycle-events).
   */
  readonly pausing?: boolean
}

export class ChangeNotifications {
  readonly #subscriptions: GraphSubscriptionStore
  readonly #deliveries: Deliveries
  readonly #deliveryFaults: DeliveryFaults

  constructor(
    mailboxes: Mailboxes,
    subscriptions: GraphSubscriptionStore,
    deliveries: Deliveries,
    deliveryFaults: DeliveryFaults
  ) {
    this.#subscriptions = subscriptions
    this.#deliveries = deliveries
    this.#deliveryFaults = deliveryFaults
    mailboxes.on('changed', (change) => this.#onChange(change))
    deliveries.gaveUp = (id) => {
      const found = subscriptions.get(id)
      if (found) this.#sendLifecycle(found, 'missed')
    }
  }

  /** Returns how many subscriptions it affected. */
  lifecycle(event: GraphLifecycleEvent, order: LifecycleOrder = {}): number {
    const { silently = false, pausing = false, ...which } = order
    const found = this.#subscriptions.list(which)
    for (const each of found) {
      if (event === 'subscriptionRemoved') this.#subscriptions.remove(each.id)
      if (event === 'reauthorizationRequired' && pausing) each.isPaused = true
      if (!silently) this.#sendLifecycle(each, event)
    }
    return found.length
  }

  authorized(subscription: GraphSubscription): void {
    subscription.isPaused = false
  }

  #onChange(change: MailboxChange): void {
    const { mailbox, event, kind } = change
    for (const subscription of this.#subscriptions.of(mailbox.tenant, mailbox.address)) {
      if (!subscription.changes.has(kind)) continue
      const item = itemOf(subscription, change)
      const name = `${mailbox.tenant} ${mailbox.address} ${event} ${mailbox.change}`
      this.#deliveryFaults.deliver('graph', name, () => {
        if (!subscription.isPaused) this.#post(subscription, item)
      })
    }
  }

  #post({ id, notificationUrl: url }: GraphSubscription, item: object): void {
    this.#deliveries.send({ url, kind: 'notification', subscription: id, item })
  }

  #sendLifecycle(subscription: GraphSubscription, lifecycleEvent: GraphLifecycleEvent): void {
    const { id, lifecycleNotificationUrl: url, expires, tenant, clientState } = subscription
    if (url === null) return
    const item = {
      subscriptionId: id,
      subscriptionExpirationDateTime: fine(expires),
      tenantId: tenant,
      clientState,
      lifecycleEvent
    }
    this.#deliveries.send({ url, kind: 'lifecycle', subscription: id, item })
  }
}

function itemOf(
  { id, expires, immutableIds, clientState }: GraphSubscription,
  change: MailboxChange
): object {
  const { mailbox, event, kind } = change
  const eventId = graphIdOf(mailbox, event, { immutableIds })
  const resource = `Users/${mailbox.objectId}/Events/${eventId}`
  return {
    subscriptionId: id,
    subscriptionExpirationDateTime: fine(expires),
    changeType: kind,
    resource,
    resourceData: {
      '@odata.type': '#Microsoft.Graph.Event',
      '@odata.id': resource,
      '@odata.etag': `W/"${graphChangeKeyOf(mailbox, mailbox.events.get(event)?.change ?? mailbox.change)}"`,
      id: eventId
    },
    clientState,
    tenantId: mailbox.tenant
  }
}

/** As Graph writes it in notifications: seven decimals and an offset. */
function fine(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 23)}0000+00:00`
}
