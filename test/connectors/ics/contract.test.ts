/** The ICS connector passes what every connector must, over calendars that a web server publishes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createIcsConnector } from '../../../src/connectors/ics/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { connectorContract } from '../../contracts/connector.ts'
import type { CalendarServer, Trouble } from '../../contracts/connector-calendar-server.ts'
import t from '../../group/tap.ts'
import { vevents } from '../../support/icalendar-events.ts'
import { calendar } from './calendars.ts'

const published = new Map<string, string>()
const troubled = new Map<string, Trouble>()

const server = createServer((request, reply) => {
  const path = request.url ?? ''
  const text = published.get(path)
  const trouble = troubled.get(path)
  if (trouble === 'hangs') return
  reply.setHeader('content-type', 'text/calendar; charset=utf-8')
  if (text === undefined) reply.writeHead(404).end()
  else if (trouble === 'garbage') reply.end('{"garbage": 1}')
  else if (trouble === 'cut off')
    reply.writeHead(200, { 'content-length': '99999' }).write(text.slice(0, 90), () => reply.destroy())
  else reply.end(text)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const outbound = openHttpClient({ addressPolicy: anyAddress })
const connector = createIcsConnector({ tenant: 'acme', folder: t.testdirName, httpClient: outbound })
t.teardown(async () => {
  await connector.close()
  await outbound.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const owner = 'anna@example.se'
const pathOf = (name: string) => `/${encodeURIComponent(name)}/basic.ics`
const addressOf = (name: string) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathOf(name)}`

const calendarServer: CalendarServer = {
  connector,
  async put(name, timeZone, events) {
    const text = calendar(
      `X-WR-CALNAME:${owner}`,
      ...events.flatMap((event, index) => vevents(event, index, timeZone, owner))
    )
    published.set(pathOf(name), text)
    return addressOf(name)
  },
  missing: addressOf,
  async trouble(kind, name) {
    troubled.set(pathOf(name), kind)
    return () => void troubled.delete(pathOf(name))
  }
}

await connectorContract(t, calendarServer)
