/** The pushing of statuses put together: what consumers are made from, and the controller of this process's share of them. */
import type { FastifyBaseLogger } from 'fastify'
import type { AddressPolicy } from './connectors/net/address-policy.ts'
import type { HttpClient } from './connectors/net/http-client.ts'
import type { PeerDeps } from './delivery/consumer.ts'
import { DeliveryController, type DeliveryControllerDeps } from './delivery/delivery-controller.ts'
import type { Recipes } from './delivery/recipe.ts'
import { machineTimers } from './lib/timers.ts'
import { createPostHttp } from './post-http.ts'
import type { SyncRedisClients } from './sync/cluster/redis/clients.ts'
import { LeasedShards, type OpenShards, singleProcess } from './sync/cluster/shards.ts'

/** The group of the leases: another process may push what one reads. */
const LEASE_GROUP = 'consumers'

export function createPeerDeps({
  recipes,
  outbound,
  addressPolicy,
  clock,
  log
}: {
  readonly recipes: Recipes
  readonly outbound: Pick<HttpClient, 'send'>
  readonly addressPolicy: AddressPolicy
  readonly clock: () => number
  readonly log: FastifyBaseLogger
}): PeerDeps {
  return {
    recipes,
    http: createPostHttp(outbound, clock),
    addresses: {
      lookup: addressPolicy.lookup,
      refusalOf(host, isPlain = false) {
        if (isPlain && !addressPolicy.allowsHttp) return 'must be encrypted: write it with https, or TLS'
        return addressPolicy.refusalOf(host)?.hint ?? null
      }
    },
    clock,
    timers: machineTimers,
    log
  }
}

export async function openDelivery(
  deps: Omit<DeliveryControllerDeps, 'openShards' | 'timers'>,
  clients: SyncRedisClients | null
): Promise<DeliveryController> {
  return new DeliveryController({
    ...deps,
    timers: machineTimers,
    openShards: await openShardsOf(deps, clients)
  })
}

async function openShardsOf(
  { log }: Pick<DeliveryControllerDeps, 'log'>,
  clients: SyncRedisClients | null
): Promise<OpenShards> {
  if (clients === null) return singleProcess
  // As in openStorage: what Redis needs comes with Redis alone.
  const { redisLeases } = await import('./sync/cluster/redis/leases.ts')
  const openLeases = redisLeases(LEASE_GROUP, { client: clients.failFast, timers: machineTimers, log })
  return (handlers) => new LeasedShards(openLeases, handlers)
}
