/** The Graph connector passes what every connector must, over the simulator. */

import type { EventInput } from '../../../simulator/calendar-item.ts'
import { connectorContract } from '../../contracts/connector.ts'
import type { CalendarServer, ContractEvent, Trouble } from '../../contracts/connector-calendar-server.ts'
import { type NotifyingServer, subscriptionContract } from '../../contracts/connector-subscription.ts'
import t from '../../group/tap.ts'
import { directory, graphMeeting, openMicrosoft365 } from './microsoft365.ts'
import { openSubscribed } from './subscription-fixture.ts'

const { simulator, connector } = await openMicrosoft365(t)
const addressOf = (calendar: string) => `${calendar.toLowerCase().replaceAll(/[^a-z0-9-]/g, '.')}@example.se`

const server: CalendarServer = {
  connector: connector(),
  async put(calendar, timeZone, events) {
    const address = addressOf(calendar)
    simulator.mailboxes.put(directory, { address, timeZone, events: events.map(inputOf) })
    return address
  },
  missing: addressOf,
  async trouble(kind, calendar) {
    const fault = simulator.faults.add({
      ...faults[kind],
      mailbox: addressOf(calendar),
      route: 'calendarView'
    })
    return () => void simulator.faults.remove(fault)
  }
}

const faults = {
  hangs: { kind: 'hang' },
  garbage: { kind: 'garbage', garbage: 'wrongTypes' },
  'cut off': { kind: 'cutOff' }
} as const satisfies Record<Trouble, unknown>

function inputOf({ busy, visibility, daily, ...event }: ContractEvent): EventInput {
  return {
    ...event,
    ...(busy === undefined ? {} : { showAs: busy }),
    ...(visibility === undefined ? {} : { sensitivity: visibility }),
    ...(daily === undefined
      ? {}
      : {
          recurrence: {
            every: 'day',
            ...(daily.count === undefined ? {} : { count: daily.count }),
            skip: daily.deleted ?? [],
            changes: daily.moved ?? {}
          }
        })
  }
}

await connectorContract(t, server)

await t.test('edits are notified', async (t) => {
  const subscribed = await openSubscribed(t)
  let delivered = 0
  const watched: NotifyingServer = {
    open: () => subscribed.connect(),
    async put(calendar) {
      subscribed.put(addressOf(calendar))
      return addressOf(calendar)
    },
    missing: addressOf,
    async edit(mailbox) {
      subscribed.simulator.mailboxes.putEvent(directory, mailbox, graphMeeting('x'))
    },
    async dropSubscriptions() {
      subscribed.simulator.graphNotifications.lifecycle('subscriptionRemoved')
    },
    subscriptionCount: () => subscribed.simulator.graphSubscriptions.count(),
    deliver(hand) {
      for (const { targetId: target, event } of subscribed.received.slice(delivered)) hand(target, event)
      delivered = subscribed.received.length
    }
  }
  await subscriptionContract(t, watched)
})
