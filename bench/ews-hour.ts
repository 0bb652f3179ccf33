/**
 * What an idle hour of polling asks of Exchange: sync itself, over the connector and TCP, with a clock that is moved by
 * hand as fast as the replies come. The simulator counts.
 */

import { createEwsConnector } from '../src/connectors/ews/connector.ts'
import { anyAddress } from '../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../src/connectors/net/http-client.ts'
import type { EwsSimulator } from './ews-simulator.ts'
import { printRow } from './paired-runs.ts'
import { createReadingClock, openBenchSyncHarness } from './sync-harness.ts'

const MAILBOXES = 500
const HOUR = 3_600_000

export async function benchEwsHour(simulator: EwsSimulator): Promise<void> {
  const { time, observeQueue } = createReadingClock()
  const filled = await simulator.fill('hour', MAILBOXES, 2, time.clock())
  const connection = filled.connection('delegate')
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const { mailboxes } = filled
  const { clock } = time
  const connector = () => createEwsConnector({ connection, outbound, addressPolicy: anyAddress, clock })
  const sync = await openBenchSyncHarness({ time, mailboxes, connection, connector, observeQueue })
  try {
    await time.run(HOUR / 20)
    await filled.forget()
    await time.run(HOUR)
    const { calls, handshakes } = await filled.asked()
    if (sync.failures.length > 0) throw new Error(`reads failed: ${sync.failures.join(' ')}`)
    printRow(
      'Reviewer at 60 s, requests/mailbox and hour',
      (calls / MAILBOXES).toFixed(3),
      `${calls} calls`,
      `${handshakes} handshakes`,
      `≤ 0.6 (${MAILBOXES} mailboxes, an hour by a clock moved by hand)`
    )
  } finally {
    await sync.close()
    await outbound.close()
  }
}
