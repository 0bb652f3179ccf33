/**
 * Ten thousand mailboxes read over EWS and NTLM, by rights and by impersonation, beside the same replies fetched over
 * the same transport and tokenised by bare saxes. CPU is this process's alone: the simulator has its own.
 */
import { SaxesParser } from 'saxes'
import { openEwsTransport } from '../src/connectors/ews/client/transport.ts'
import { ewsVersions } from '../src/connectors/ews/client/versions.ts'
import { createEwsConnector } from '../src/connectors/ews/connector.ts'
import {
  availabilityRequest,
  calendarViewRequest,
  soapEnvelope
} from '../src/connectors/ews/soap/requests.ts'
import { anyAddress } from '../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../src/connectors/net/http-client.ts'
import type { Span } from '../src/domain/calendar-event.ts'
import { windowAt } from '../src/domain/window.ts'
import type { EwsSimulator, Filled } from './ews-simulator.ts'
import { comparePaired, formatRatio, median, printRow } from './paired-runs.ts'

const MAILBOXES = 10_000
const EVENTS = 20
/** Each reads its part of the mailboxes, so that all are read once. */
const ROUNDS = 5
/** As many as the transport has connections. */
const AT_ONCE = 4

/** Reads all these mailboxes; resolves to how many they were, or how many tags. */
type Read = (mailboxes: readonly string[]) => Promise<number>

interface Side {
  readonly batchSize: number
  readonly read: Read
  readonly close: () => unknown
}

export async function benchEwsMailboxes(simulator: EwsSimulator): Promise<void> {
  const at = Date.now()
  const filled = await simulator.fill('bench', MAILBOXES, EVENTS, at)
  for (const access of ['delegate', 'impersonation'] as const) {
    const ours = connectorSide(filled, access, windowAt(at))
    const baseline = transportSide(filled, access, windowAt(at))
    await compare(`EWS ${access}`, filled, ours, baseline)
    await ours.close()
    await baseline.close()
  }
}

async function compare(what: string, filled: Filled, ours: Side, baseline: Side): Promise<void> {
  const [one, other] = [measured(filled, ours), measured(filled, baseline)]
  await filled.forget()
  const cpu = await comparePaired(ROUNDS, one.run, other.run)
  const { calls, handshakes } = await filled.asked()
  const [mine, theirs] = [one.speeds(), other.speeds()]
  const ratios = mine.map((speed, round) => speed / theirs[round]!)
  const ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
  const perSecond = (figure: number) => `${Math.round(figure).toLocaleString('en')}/s`
  const each = (figure: number) => `${(figure * 1000).toFixed(0)} µs`
  const beside = 'no goal; baseline: fetch and saxes'
  printRow(
    `${what}, mailboxes × ${EVENTS} events`,
    perSecond(median(mine)),
    perSecond(median(theirs)),
    formatRatio(ratio),
    beside
  )
  printRow(`${what}, CPU per mailbox`, each(cpu.ours), each(cpu.baseline), formatRatio(cpu.ratio), beside)
  printRow(
    `${what}, NTLM handshakes`,
    String(handshakes),
    '',
    `${calls.toLocaleString('en')} calls`,
    `≤ ${2 * AT_ONCE}: one for each connection`
  )
}

/** Each run answers the CPU milliseconds per mailbox of its part; the first warms up with a tenth of one. */
function measured({ mailboxes }: Filled, { batchSize, read }: Side) {
  const speeds: number[] = []
  let runs = 0
  return {
    speeds: () => speeds.slice(1),
    run: async () => {
      const part = mailboxes.length / ROUNDS / (runs === 0 ? 10 : 1)
      const first = runs === 0 ? 0 : (runs - 1) * part
      runs += 1
      const before = { cpu: process.cpuUsage(), time: performance.now() }
      await inBatches(mailboxes.slice(first, first + part), batchSize, read)
      const { user, system } = process.cpuUsage(before.cpu)
      speeds.push((part * 1000) / (performance.now() - before.time))
      return (user + system) / 1000 / part
    }
  }
}

async function inBatches(mailboxes: readonly string[], size: number, read: Read): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let first = next; first < mailboxes.length; first = next) {
      next += size
      const found = await read(mailboxes.slice(first, first + size))
      if (found === 0) throw new Error('nothing was read')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

function connectorSide({ connection }: Filled, access: 'delegate' | 'impersonation', window: Span): Side {
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const connector = createEwsConnector({
    connection: connection(access),
    outbound,
    addressPolicy: anyAddress
  })
  return {
    batchSize: connector.batchSize,
    async read(mailboxes) {
      const targets = mailboxes.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' }))
      const signal = AbortSignal.timeout(60_000)
      const readings = await connector.read({ targets, window, subjects: true, signal })
      for (const reading of readings) {
        if (reading.outcome === 'failed') throw reading.error
        if (
          reading.outcome !== 'read' ||
          reading.detail === 'availability' ||
          reading.events.length !== EVENTS
        ) {
          throw new Error('a calendar was not read whole')
        }
      }
      return readings.length
    },
    async close() {
      await connector.close()
      await outbound.close()
    }
  }
}

/** The very requests that the connector sends, in the newest version, and tags and texts that nobody looks at. */
function transportSide({ connection }: Filled, access: 'delegate' | 'impersonation', window: Span): Side {
  const { url = '', auth, ca = '' } = connection(access)
  if (auth.kind === 'oauth') throw new Error('this is about NTLM')
  const transport = openEwsTransport({ url, auth, ca, addressPolicy: anyAddress })
  const headers = { 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', 'user-agent': 'Hanvisa' }
  const tagsOf = async (body: string, anchor: { anchorMailbox: string } | object): Promise<number> => {
    const signal = AbortSignal.timeout(60_000)
    const reply = await transport.call({ headers, body, signal, ...anchor })
    if (reply.status !== 200) throw new Error(`HTTP ${reply.status}`)
    let tags = 0
    const saxes = new SaxesParser({ position: false })
    saxes.on('opentag', () => {
      tags += 1
    })
    saxes.on('closetag', () => {})
    saxes.on('text', () => {})
    const decoder = new TextDecoder()
    for await (const chunk of reply.body) saxes.write(decoder.decode(chunk, { stream: true }))
    saxes.close()
    return tags
  }
  const newest = ewsVersions[0] ?? null
  const read: Record<typeof access, Read> = {
    delegate: (mailboxes) =>
      tagsOf(soapEnvelope(availabilityRequest(mailboxes, window, 'Detailed'), newest, null), {}),
    impersonation: ([mailbox = '']) => {
      const owner = { by: 'SmtpAddress', name: mailbox } as const
      return tagsOf(soapEnvelope(calendarViewRequest(mailbox, window, 500), newest, owner), {
        anchorMailbox: mailbox
      })
    }
  }
  const batchSize = access === 'delegate' ? 100 : 1
  return { batchSize, read: read[access], close: () => transport.close() }
}
