/** The composition root: every adapter is made here, and handed on. */
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.ts'
import { ewsConnector } from './connectors/ews/connector.ts'
import type { Environment } from './connectors/ews/proxy.ts'
import { graphConnector } from './connectors/graph/connector.ts'
import { icsConnector } from './connectors/ics/connector.ts'
import { openOutbound } from './connectors/outbound.ts'
import { openDirectory } from './directory/directory.ts'
import { defaultRules } from './directory/rules-made.ts'
import { SetupError } from './errors.ts'
import { buildApp } from './http/app.ts'
import { openMetrics } from './http/metrics.ts'
import { openKeys } from './keys.ts'
import { loadPacks } from './packs.ts'
import { openPresence } from './presence/presence.ts'
import { openLmdb } from './store/lmdb.ts'
import { checkMasterKey, sealer } from './store/seal.ts'
import type { OpenConnector } from './sync/opening.ts'
import { openSync } from './sync/sync.ts'

export interface Service {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly origin: string
  /** Answers what has been asked, reads and saves no more, and lets go of the folder. */
  close(): Promise<void>
}

/** Compiled files stand one folder deeper than their sources. */
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url))
export const packFolder = fromHere(import.meta.url.includes('/dist/src/') ? '../../rules' : '../rules')

/**
 * Throws SetupError, a plain sentence, when the operator must act first. `environment` says which proxies lead to mail
 * servers (HTTPS_PROXY, NO_PROXY).
 */
export async function startService(
  config: Config,
  log: FastifyBaseLogger,
  environment: Environment = {}
): Promise<Service> {
  const undo: (() => Promise<unknown> | unknown)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const packs = await loadPacks(packFolder)
    const store = await openLmdb({ folder: join(config.dataDir, 'store') })
    undo.push(() => store.close())
    const keys = await openKeys(config, log)
    const seal = sealer(keys.masterKey)
    await checkMasterKey(config.dataDir, seal)

    const { allowPrivateTargets } = config
    const outbound = openOutbound({ allowPrivateTargets })
    undo.push(() => outbound.close())
    const calendars = join(config.dataDir, 'calendars')
    await mkdir(calendars, { recursive: true, mode: 0o700 })
    const openConnector: OpenConnector = (tenant, connection) => {
      if (connection.kind === 'graph') return graphConnector({ connection, outbound })
      if (connection.kind === 'ews')
        return ewsConnector({ connection, outbound, allowPrivateTargets, environment })
      return icsConnector({ tenant, folder: join(calendars, tenant), outbound })
    }

    const metrics = openMetrics()
    const clock = Date.now
    const rules = defaultRules(packs)
    const presence = openPresence({ store, defaultRules: rules, clock })
    undo.push(() => presence.close())
    const sync = await openSync({
      store,
      openConnector,
      sealer: seal,
      defaultRules: rules,
      log,
      metrics,
      clock
    })
    undo.push(() => sync.close())

    const directory = openDirectory({ store, sync, packs, sealer: seal, clock })
    const app = await buildApp({
      log,
      adminKey: keys.adminKey,
      metrics,
      store,
      directory,
      presence,
      sync,
      defaultRules: rules,
      clock
    })
    undo.push(() => app.close())
    await listen(app, config)
    const { address, family, port } = app.server.address() as AddressInfo
    const origin = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    return { origin, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function listen(
  app: { listen(options: { host: string; port: number }): Promise<unknown> },
  { host, port }: Config
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const remedy: Readonly<Record<string, string>> = {
      EADDRINUSE: 'another process listens there: stop it, or set HANVISA_PORT',
      EACCES: 'the right to listen there is lacking: set HANVISA_PORT to 1024 or more',
      EADDRNOTAVAIL: 'this machine has no such address: set HANVISA_HOST',
      ENOTFOUND: 'the name is not known: set HANVISA_HOST to an address'
    }
    throw new SetupError(
      `Cannot listen at ${host}, port ${port}: ${remedy[code ?? ''] ?? code ?? String(error)}.`
    )
  }
}
