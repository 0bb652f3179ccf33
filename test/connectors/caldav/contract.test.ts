/** The CalDAV connector passes what every connector must, over a server of its own and over a real Radicale. */
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createCaldavConnector } from '../../../src/connectors/caldav/connector.ts'
import type { CaldavConnection } from '../../../src/connectors/connection.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { connectorContract } from '../../contracts/connector.ts'
import type { CalendarServer, Trouble } from '../../contracts/connector-calendar-server.ts'
import t from '../../group/tap.ts'
import { startFakeCaldavServer } from '../../support/fake-caldav-server.ts'
import { vevents } from '../../support/icalendar-events.ts'
import { longTests } from '../../support/long-tests.ts'
import { isMissing, startRadicale } from '../../support/python-dav-servers.ts'

/** Names and addresses are the same on both servers. */
const mailboxOf = (calendar: string) => `${calendar.replaceAll(' ', '-').toLowerCase()}@example.se`

function openConnector(t: Test, url: string, more: Partial<CaldavConnection> = {}) {
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const auth = { kind: 'basic', user: 'svc', password: 'secret' } as const
  const connection = { kind: 'caldav', url, auth, access: 'shared', pollSeconds: 60, ...more } as const
  const connector = createCaldavConnector({ tenant: 'acme', connection, outbound })
  t.teardown(async () => {
    await connector.close()
    await outbound.close()
  })
  return connector
}

t.test('over a small server', async (t) => {
  const fake = await startFakeCaldavServer(t)
  const server: CalendarServer = {
    connector: openConnector(t, fake.origin, { userUrl: '/dav/calendars/{mailbox}/' }),
    async put(name, zone, events) {
      const mailbox = mailboxOf(name)
      fake.put(
        mailbox,
        events.map((event, index) => vevents(event, index, zone, mailbox).join('\r\n'))
      )
      return mailbox
    },
    missing: mailboxOf,
    async trouble(trouble, name) {
      const calendar = fake.calendars.get(mailboxOf(name))!
      calendar.habits = { trouble }
      return () => {
        calendar.habits = {}
      }
    }
  }
  await connectorContract(t, server)
})

const missing = isMissing('radicale')
t.test('over Radicale, found by discovery', { skip: missing }, async (t) => {
  const radicale = await startRadicale(t, {
    users: { svc: 'secret', writer: 'secret' },
    reader: 'svc',
    writer: 'writer'
  })
  const troubled = new Map<string, Trouble>()
  const proxy = await startTroublingProxy(t, radicale.origin, troubled)
  const write = async (method: string, path: string, body?: string) => {
    const authorization = `Basic ${Buffer.from('writer:secret').toString('base64')}`
    const headers = { authorization, 'content-type': 'text/calendar; charset=utf-8' }
    return fetch(radicale.origin + path, { method, headers, ...(body === undefined ? {} : { body }) })
  }
  const server: CalendarServer = {
    connector: openConnector(t, proxy),
    async put(name, zone, events) {
      const mailbox = mailboxOf(name)
      await write('DELETE', `/${mailbox}/`)
      await write('MKCOL', `/${mailbox}/`)
      const lines = events.flatMap((event, index) => vevents(event, index, zone, mailbox))
      const head = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN']
      const path = `/${mailbox}/calendar/`
      const { status } =
        events.length === 0
          ? await write('MKCALENDAR', path)
          : await write('PUT', path, [...head, ...lines, 'END:VCALENDAR', ''].join('\r\n'))
      if (status !== 201) throw new Error(`Radicale answered ${status} to the calendar ${name}`)
      return mailbox
    },
    missing: mailboxOf,
    async trouble(kind, name) {
      troubled.set(`/${mailboxOf(name)}/`, kind)
      return () => void troubled.delete(`/${mailboxOf(name)}/`)
    }
  }
  await connectorContract(
    t,
    server,
    longTests
      ? {}
      : { 'hundreds of events': 'Radicale needs a minute of CPU to parse them; with HANVISA_LONG_TESTS=1' }
  )
})

/** Passes requests on, save of the paths that are troubled. */
async function startTroublingProxy(
  t: Test,
  origin: string,
  troubled: ReadonlyMap<string, Trouble>
): Promise<string> {
  const server = createServer((request, reply) => {
    const path = decodeURIComponent(request.url ?? '')
    const trouble = [...troubled].find(([prefix]) => path.startsWith(prefix))?.[1]
    if (trouble === 'hangs') return
    if (trouble === 'garbage') {
      reply.end('{"garbage": 1}')
      return
    }
    const { method, headers } = request
    const passed = forward(origin + request.url, { method, headers }, (answer) => {
      if (trouble !== 'cut off') {
        reply.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(reply)
        return
      }
      reply.writeHead(207, { 'content-length': '99999' })
      answer.once('data', (chunk: Buffer) => reply.write(chunk.subarray(0, 300), () => reply.destroy()))
    })
    passed.on('error', () => reply.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
