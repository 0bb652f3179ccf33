/**
 * What idle CalDAV mailboxes cost at 60 s: requests and CPU by sync itself over the connector and TCP, by a clock that is moved by
 * hand, beside what Radicale spends on answering such a poll.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createCaldavConnector } from '../src/connectors/caldav/connector.ts'
import { anyAddress } from '../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../src/connectors/net/http-client.ts'
import { isMissing, startRadicale } from '../test/support/python-dav-servers.ts'
import { printRow } from './paired-runs.ts'
import { createReadingClock, openBenchSyncHarness } from './sync-harness.ts'

const MINUTE = 60_000
/** Ten thousand cost as much each: what is measured grows with them, and so does the time for it. */
const MAILBOXES = 2_000
const auth = { kind: 'basic', user: 'svc', password: 'secret' } as const

export async function benchCaldavHour(): Promise<void> {
  const child = fork(join(import.meta.dirname, 'caldav-server-process.js'))
  const [port] = (await once(child, 'message')) as [number]
  const url = `http://127.0.0.1:${port}/`
  try {
    const hour = await pollFor(url, 100, 60)
    printRow(
      'CalDAV at 60 s, requests/mailbox and hour',
      (hour.requests / 100).toFixed(1),
      `${hour.requests} requests`,
      '',
      '≤ 65: 60 polls, and once an hour a full read (100 mailboxes)'
    )
    const many = await pollFor(url, MAILBOXES, 1)
    const ours = (60 * many.cpuMs) / MAILBOXES
    const theirs = await radicaleMsPerPoll()
    printRow(
      'CalDAV at 60 s, CPU/mailbox and hour',
      `${ours.toFixed(0)} ms`,
      theirs === null ? 'no radicale' : `${(60 * theirs).toFixed(0)} ms Radicale`,
      theirs === null ? '' : (ours / (60 * theirs)).toFixed(2),
      `≤ 1 of Radicale’s own (${many.requests} polls)`
    )
  } finally {
    child.disconnect()
  }
}

/** What `minutes` of polls ask and cost, once all mailboxes have been read. */
async function pollFor(
  url: string,
  count: number,
  minutes: number
): Promise<{ requests: number; cpuMs: number }> {
  const { time, observeQueue } = createReadingClock()
  const { clock } = time
  const mailboxes = Array.from({ length: count }, (_, index) => `user-${index}`)
  const connection = {
    kind: 'caldav',
    url,
    auth,
    access: 'shared',
    userUrl: '/{mailbox}/calendar/',
    pollSeconds: 60
  } as const
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const connector = () => createCaldavConnector({ tenant: 'acme', connection, outbound, clock })
  const sync = await openBenchSyncHarness({ time, mailboxes, connection, connector, observeQueue })
  try {
    await time.run(2 * MINUTE)
    const before = { requests: await countRequests(url), cpu: process.cpuUsage() }
    await time.run(minutes * MINUTE)
    const { user, system } = process.cpuUsage(before.cpu)
    if (sync.failures.length > 0) throw new Error(`reads failed: ${sync.failures.join(' ')}`)
    return { requests: (await countRequests(url)) - before.requests, cpuMs: (user + system) / 1000 }
  } finally {
    await sync.close()
    await outbound.close()
  }
}

async function countRequests(url: string): Promise<number> {
  return Number(await (await fetch(`${url}count`)).text())
}

/** Milliseconds of CPU in Radicale for a poll that finds nothing new; null where it is not installed. */
async function radicaleMsPerPoll(): Promise<number | null> {
  if (isMissing('radicale') !== false) return null
  const steps: (() => unknown)[] = []
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  try {
    const radicale = await startRadicale(
      { teardown: (step) => void steps.unshift(step) },
      { users: { svc: 'secret', anna: 'secret' }, reader: 'svc' }
    )
    const authorization = `Basic ${Buffer.from('anna:secret').toString('base64')}`
    for (const path of ['/anna/', '/anna/calendar/'])
      await fetch(radicale.origin + path, {
        method: path === '/anna/' ? 'MKCOL' : 'MKCALENDAR',
        headers: { authorization }
      })
    const connection = {
      kind: 'caldav',
      url: radicale.origin,
      auth,
      access: 'shared',
      preset: 'radicale',
      pollSeconds: 60
    } as const
    const connector = createCaldavConnector({ tenant: 'acme', connection, outbound })
    const window = { start: Date.now(), end: Date.now() + 14 * 86_400_000 }
    const read = async (etag?: string) => {
      const target = {
        mailbox: 'anna',
        timeZone: 'Europe/Stockholm',
        ...(etag === undefined ? {} : { etag })
      }
      const signal = AbortSignal.timeout(60_000)
      const [result] = await connector.read({ targets: [target], window, subjects: true, signal })
      return result!
    }
    const first = await read()
    if (first.outcome !== 'read' || first.etag === null) throw new Error('Radicale was not read')
    const before = await radicale.cpuMs()
    const polls = 300
    for (let poll = 0; poll < polls; poll++)
      if ((await read(first.etag)).outcome !== 'unchanged') throw new Error('Radicale was read again')
    return ((await radicale.cpuMs()) - before) / polls
  } finally {
    for (const step of steps) await step()
    await outbound.close()
  }
}
