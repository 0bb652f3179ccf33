/** A small Exchange in this process: mailboxes, the protocols over them, and the control API, on one https port. */
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createSimulatorAuthority } from './authority.ts'
import { openControl } from './control.ts'
import { DeliveryFaults } from './delivery-faults.ts'
import { EntraDirectories } from './directories.ts'
import { createEntra } from './entra/entra.ts'
import { createSimulatedAuthenticator } from './ews/authenticator.ts'
import { createAutodiscoverHandler } from './ews/autodiscover.ts'
import { createEwsHandler } from './ews/ews.ts'
import { Installations } from './ews/installations.ts'
import { SubscriptionStore } from './ews/subscription-store.ts'
import { Faults } from './faults.ts'
import { ChangeNotifications } from './graph/change-notifications.ts'
import { Deliveries } from './graph/deliveries.ts'
import { createGraph } from './graph/graph.ts'
import { GraphSubscriptionStore } from './graph/subscriptions.ts'
import { Mailboxes } from './mailboxes.ts'
import { serveProtocols } from './protocol-server.ts'
import { Requests } from './requests.ts'
import { createTokens, type TokenIssuer } from './tokens.ts'

export interface SimulatorOptions {
  /** 0, the default, takes a free one. Only this machine can reach it. */
  readonly port?: number
  /** Where `ca.pem` is written; made when missing. Nothing is written without it. */
  readonly folder?: string
  /** Epoch milliseconds: tokens, secrets and assertions expire by it. */
  readonly clock?: () => number
}

export interface Simulator {
  /** `https://127.0.0.1:PORT`; the root of the control API too (`/control`). */
  readonly origin: string
  /** What a connection's custom cloud names: roots, without `/v1.0`. */
  readonly loginRoot: string
  readonly graphRoot: string
  /** Of the server that was put first; `ORIGIN/TENANT/EWS/Exchange.asmx` is any tenant's. */
  readonly ewsUrl: string
  /** PEM of the authority that a client must trust. */
  readonly ca: string
  /** Where the same was written; null without a folder. */
  readonly caFile: string | null
  readonly directories: EntraDirectories
  readonly installations: Installations
  readonly mailboxes: Mailboxes
  /** EWS's subscriptions. */
  readonly ewsSubscriptions: SubscriptionStore
  /** Graph's subscriptions. */
  readonly graphSubscriptions: GraphSubscriptionStore
  /** Graph's change notifications; lifecycle notifications on request. */
  readonly graphNotifications: ChangeNotifications
  /** Graph's post to subscribers, and how it was taken. */
  readonly graphDeliveries: Deliveries
  /** Delivery faults of notifications, Graph's and EWS's. */
  readonly deliveryFaults: DeliveryFaults
  readonly faults: Faults
  readonly requests: Requests
  readonly tokens: TokenIssuer
  /** Ends at once, open connections included. */
  close(): Promise<void>
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? Date.now
  const [{ ca, server: keys }, tokens] = await Promise.all([createSimulatorAuthority(), createTokens(clock)])
  const directories = new EntraDirectories()
  const installations = new Installations()
  const mailboxes = new Mailboxes(clock)
  const faults = new Faults()
  const requests = new Requests()
  const deliveryFaults = new DeliveryFaults()
  const ewsSubscriptions = new SubscriptionStore(mailboxes, clock, deliveryFaults)
  const graphSubscriptions = new GraphSubscriptionStore(clock)
  const graphDeliveries = new Deliveries()
  const graphNotifications = new ChangeNotifications(
    mailboxes,
    graphSubscriptions,
    graphDeliveries,
    deliveryFaults
  )
  const notificationParts = {
    ewsSubscriptions,
    graphSubscriptions,
    graphNotifications,
    graphDeliveries,
    deliveryFaults
  }
  const deps = { directories, installations, mailboxes, ...notificationParts, faults, requests, tokens }
  const control = await openControl(deps)

  const server = createServer({ cert: keys.certificate, key: keys.privateKey, keepAliveTimeout: 60_000 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const shared = { directories, tokens, faults, requests, loginRoot: origin, graphRoot: origin, clock }
  const exchange = {
    installations,
    mailboxes,
    subscriptions: ewsSubscriptions,
    authenticator: createSimulatedAuthenticator({ ...shared, certificate: keys.certificate })
  }
  const protocols = serveProtocols(
    [
      createGraph({
        ...shared,
        mailboxes,
        subscriptions: graphSubscriptions,
        graphNotifications,
        deliveries: graphDeliveries
      }),
      createEntra(shared),
      createEwsHandler({ ...shared, ...exchange }),
      createAutodiscoverHandler({ ...shared, ...exchange })
    ],
    clock
  )
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/control')) control.handle(request, response)
    else void protocols(request, response)
  })

  const caFile = options.folder === undefined ? null : join(options.folder, 'ca.pem')
  if (caFile !== null && options.folder !== undefined) {
    await mkdir(options.folder, { recursive: true })
    await writeFile(caFile, ca)
  }
  return {
    origin,
    loginRoot: origin,
    graphRoot: origin,
    ewsUrl: `${origin}/EWS/Exchange.asmx`,
    ca,
    caFile,
    directories,
    installations,
    mailboxes,
    ...notificationParts,
    faults,
    requests,
    tokens,
    close: async () => {
      faults.clear()
      deliveryFaults.clear()
      ewsSubscriptions.dropAll()
      await graphDeliveries.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await control.close()
    }
  }
}
