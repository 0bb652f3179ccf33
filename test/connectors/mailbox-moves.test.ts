/** What Exchange and Microsoft 365 answer for a mailbox in each phase of a move, and what that means: only a certain "not here" may move it. */
import type { Test } from 'tap'
import { type Hosting, hostings } from '../../simulator/hosting.ts'
import type { ReadResult } from '../../src/connectors/connector.ts'
import t from '../group/tap.ts'
import { openExchange } from './ews/exchange.ts'
import { openMicrosoft365 } from './graph/microsoft365.ts'

const address = 'anna@example.se'
const event = { subject: 'MÖT: kund', start: '2026-11-18T09:00:00Z', end: '2026-11-18T10:00:00Z' }

/** The outcome, and what of it decides where the mailbox is read. */
function meaningOf(result: ReadResult | undefined): string {
  if (result?.outcome === 'read') return `read ${result.detail}`
  if (result?.outcome !== 'failed') return 'nothing'
  const { code, isMailboxAbsent, scope } = result.error
  return `${code}${isMailboxAbsent ? ', not here' : ''}${scope === 'connection' ? ' (connection)' : ''}`
}

async function sayOf(
  t: Test,
  expected: Readonly<Record<Hosting, string>>,
  ask: (hosting: Hosting) => Promise<ReadResult | undefined>
): Promise<void> {
  const said: Record<string, string> = {}
  for (const hosting of hostings) said[hosting] = meaningOf(await ask(hosting))
  t.strictSame(said, expected)
}

t.test('Exchange, impersonated', async (t) => {
  const exchange = await openExchange(t, 'impersonation')
  const connector = exchange.connector()
  const expected = {
    online: 'read subjects',
    absent: 'mailbox_unknown, not here',
    unlicensed: 'read subjects',
    onPremises: 'read subjects',
    moveInProgress: 'unreachable',
    moved: 'mailbox_unknown, not here',
    cloud: 'mailbox_unknown, not here'
  }
  await sayOf(t, expected, async (hosting) => {
    exchange.simulator.mailboxes.put(exchange.directory, { address, hosting, events: [event] })
    return (await exchange.read(connector, [address]))[0]
  })
})

t.test('Exchange, by rights in the calendar: a mailbox that has moved tells times alone', async (t) => {
  const exchange = await openExchange(t, 'delegate')
  const connector = exchange.connector()
  const rights = { 'svc-hanvisa@example.se': 'reviewer' } as const
  const expected = {
    online: 'read subjects-only',
    absent: 'mailbox_unknown',
    unlicensed: 'read subjects-only',
    onPremises: 'read subjects-only',
    moveInProgress: 'unreachable',
    moved: 'read availability',
    cloud: 'read availability'
  }
  await sayOf(t, expected, async (hosting) => {
    exchange.simulator.mailboxes.put(exchange.directory, { address, hosting, rights, events: [event] })
    return (await exchange.read(connector, [address]))[0]
  })
})

t.test('Microsoft 365', async (t) => {
  const cloud = await openMicrosoft365(t)
  const expected = {
    online: 'read subjects',
    absent: 'mailbox_unknown, not here',
    unlicensed: 'mailbox_unknown',
    onPremises: 'mailbox_unknown, not here',
    moveInProgress: 'mailbox_unknown, not here',
    moved: 'unreachable',
    cloud: 'read subjects'
  }
  await sayOf(t, expected, async (hosting) => {
    cloud.simulator.mailboxes.put(cloud.connection.tenantId, { address, hosting, events: [event] })
    return (await cloud.read([address]))[0]
  })
})
