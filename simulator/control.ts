/** The control API: a test or a person puts tenants, mailboxes, events and faults, and sees what was asked. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fastify from 'fastify'
import type { Mailbox } from './calendar-item.ts'
import { type NotificationControlDeps, notificationRoutes } from './control-notifications.ts'
import {
  directoryBody,
  editsBody,
  eventBody,
  eventPath,
  exchangeBody,
  faultBody,
  faultPath,
  mailboxBody,
  mailboxesBody,
  mailboxPath,
  requestsQuery,
  tenantPath
} from './control-schemas.ts'
import type { EntraDirectory } from './directories.ts'
import type { ExchangeInstallation, Installations } from './ews/installations.ts'
import type { Faults } from './faults.ts'
import { ControlInputError, type Mailboxes } from './mailboxes.ts'
import { NotFound, requireDirectory } from './not-found.ts'
import type { Requests } from './requests.ts'
import type { TokenIssuer } from './tokens.ts'

export interface ControlDeps extends NotificationControlDeps {
  readonly installations: Installations
  readonly mailboxes: Mailboxes
  readonly faults: Faults
  readonly requests: Requests
  readonly tokens: TokenIssuer
}

export interface Control {
  handle(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

export async function openControl(deps: ControlDeps): Promise<Control> {
  // Ten thousand mailboxes come in one body.
  // A start compiles them all, and most are used once or twice: that they are compiled fast counts for more.
  const customOptions = { removeAdditional: false, validateSchema: false, code: { optimize: false } } as const
  const app = fastify({ bodyLimit: 256_000_000, ajv: { customOptions } })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof ControlInputError ? 400 : (error.statusCode ?? 500)
    return reply.code(status).send({ error: error.message })
  })
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `the control API has no ${request.method} ${request.url}` })
  )
  await app.register(tenantRoutes(deps), { prefix: '/control' })
  await app.register(mailboxRoutes(deps), { prefix: '/control/tenants/:tenant' })
  await app.register(notificationRoutes(deps), { prefix: '/control' })
  await app.register(observationRoutes(deps), { prefix: '/control' })
  await app.ready()
  return { handle: (request, response) => app.routing(request, response), close: () => app.close() }
}

function tenantRoutes(deps: ControlDeps): FastifyPluginAsyncTypebox {
  const { directories, installations, mailboxes, ewsSubscriptions, graphSubscriptions, tokens } = deps
  const requireInstallation = ({ id }: EntraDirectory): ExchangeInstallation => {
    const found = installations.get(id)
    if (!found) throw new NotFound(`tenant ${id} has no Exchange of its own`)
    return found
  }
  return async (app) => {
    app.get('/tenants', async () => directories.list().map((each) => each.input))
    app.put('/tenants/:tenant', { schema: { params: tenantPath, body: directoryBody } }, async (request) => {
      return directories.put({ ...request.body, id: request.params.tenant }).input
    })
    app.get('/tenants/:tenant', { schema: { params: tenantPath } }, async ({ params }) => {
      return requireDirectory(directories, params.tenant).input
    })
    app.delete('/tenants/:tenant', { schema: { params: tenantPath } }, async ({ params }, reply) => {
      const { id } = requireDirectory(directories, params.tenant)
      directories.delete(id)
      installations.delete(id)
      mailboxes.clear(id)
      graphSubscriptions.clear(id)
      ewsSubscriptions.dropAll(id)
      tokens.revoke(id)
      return reply.code(204).send()
    })
    // The tenant's own Exchange; its accounts are locked out no more.
    app.put(
      '/tenants/:tenant/exchange',
      { schema: { params: tenantPath, body: exchangeBody } },
      async (request) => {
        const { id } = requireDirectory(directories, request.params.tenant)
        return installations.put(id, request.body).input
      }
    )
    app.get('/tenants/:tenant/exchange', { schema: { params: tenantPath } }, async ({ params }) => {
      return requireInstallation(requireDirectory(directories, params.tenant)).input
    })
    // As when a server restarts: every subscription is forgotten, and streams are closed.
    app.delete(
      '/tenants/:tenant/subscriptions',
      { schema: { params: tenantPath } },
      async ({ params }, reply) => {
        ewsSubscriptions.dropAll(requireDirectory(directories, params.tenant).id)
        return reply.code(204).send()
      }
    )
    app.delete('/tenants/:tenant/exchange', { schema: { params: tenantPath } }, async ({ params }, reply) => {
      const { id } = requireDirectory(directories, params.tenant)
      installations.delete(requireInstallation(requireDirectory(directories, id)).tenant)
      ewsSubscriptions.dropAll(id)
      return reply.code(204).send()
    })
    // Every token given out so far is refused from now on.
    app.delete('/tenants/:tenant/tokens', { schema: { params: tenantPath } }, async ({ params }, reply) => {
      tokens.revoke(requireDirectory(directories, params.tenant).id)
      return reply.code(204).send()
    })
  }
}

function mailboxRoutes({ directories, mailboxes }: ControlDeps): FastifyPluginAsyncTypebox {
  const requireMailbox = (tenant: string, address: string): Mailbox => {
    const mailbox = mailboxes.find(requireDirectory(directories, tenant).id, address)
    if (!mailbox) throw new NotFound(`there is no mailbox ${address} in tenant ${tenant}`)
    return mailbox
  }
  return async (app) => {
    app.get('/mailboxes', { schema: { params: tenantPath } }, async ({ params }) => {
      return mailboxes.list(requireDirectory(directories, params.tenant).id).map(toMailboxResponse)
    })
    app.put('/mailboxes', { schema: { params: tenantPath, body: mailboxesBody } }, async (request) => {
      const { id } = requireDirectory(directories, request.params.tenant)
      for (const mailbox of request.body) mailboxes.put(id, mailbox)
      return { mailboxes: mailboxes.list(id).length }
    })
    // Many edits in one call, of many mailboxes, in their order: events put or deleted.
    app.post('/edits', { schema: { params: tenantPath, body: editsBody } }, async (request) => {
      const { id } = requireDirectory(directories, request.params.tenant)
      const events = request.body.map(({ address, event, deleted }) => {
        if (event) return mailboxes.putEvent(id, address, event).id
        return deleted !== undefined && mailboxes.deleteEvent(id, address, deleted) ? deleted : null
      })
      return { events }
    })
    app.put(
      '/mailboxes/:address',
      { schema: { params: mailboxPath, body: mailboxBody } },
      async (request) => {
        const { tenant, address } = request.params
        return toMailboxResponse(
          mailboxes.put(requireDirectory(directories, tenant).id, { ...request.body, address })
        )
      }
    )
    app.get('/mailboxes/:address', { schema: { params: mailboxPath } }, async ({ params }) => {
      return toMailboxResponse(requireMailbox(params.tenant, params.address))
    })
    app.delete('/mailboxes/:address', { schema: { params: mailboxPath } }, async ({ params }, reply) => {
      const mailbox = requireMailbox(params.tenant, params.address)
      mailboxes.delete(mailbox.tenant, mailbox.address)
      return reply.code(204).send()
    })

    app.get('/mailboxes/:address/events', { schema: { params: mailboxPath } }, async ({ params }) => {
      return [...requireMailbox(params.tenant, params.address).events.values()].map(({ input }) => input)
    })
    app.post(
      '/mailboxes/:address/events',
      { schema: { params: mailboxPath, body: eventBody } },
      async (request, reply) => {
        const mailbox = requireMailbox(request.params.tenant, request.params.address)
        return reply.code(201).send(mailboxes.putEvent(mailbox.tenant, mailbox.address, request.body).input)
      }
    )
    app.put(
      '/mailboxes/:address/events/:event',
      { schema: { params: eventPath, body: eventBody } },
      async (request) => {
        const mailbox = requireMailbox(request.params.tenant, request.params.address)
        const event = { ...request.body, id: request.params.event }
        return mailboxes.putEvent(mailbox.tenant, mailbox.address, event).input
      }
    )
    app.get('/mailboxes/:address/events/:event', { schema: { params: eventPath } }, async ({ params }) => {
      const item = requireMailbox(params.tenant, params.address).events.get(params.event)
      if (!item) throw new NotFound(`there is no event ${params.event} in ${params.address}`)
      return item.input
    })
    app.delete(
      '/mailboxes/:address/events/:event',
      { schema: { params: eventPath } },
      async ({ params }, reply) => {
        const mailbox = requireMailbox(params.tenant, params.address)
        if (!mailboxes.deleteEvent(mailbox.tenant, mailbox.address, params.event)) {
          throw new NotFound(`there is no event ${params.event} in ${params.address}`)
        }
        return reply.code(204).send()
      }
    )
  }
}

function observationRoutes(deps: ControlDeps): FastifyPluginAsyncTypebox {
  const { directories, installations, mailboxes, faults, requests, tokens } = deps
  const { ewsSubscriptions, graphSubscriptions, graphDeliveries, deliveryFaults } = deps
  return async (app) => {
    app.get('/faults', async () => faults.list())
    app.post('/faults', { schema: { body: faultBody } }, async (request, reply) => {
      return reply.code(201).send({ id: faults.add(request.body) })
    })
    app.delete('/faults', async (_request, reply) => {
      faults.clear()
      return reply.code(204).send()
    })
    app.delete('/faults/:id', { schema: { params: faultPath } }, async ({ params }, reply) => {
      if (!faults.remove(params.id)) throw new NotFound(`there is no fault ${params.id}`)
      return reply.code(204).send()
    })
    app.get('/requests', { schema: { querystring: requestsQuery } }, async ({ query }) => {
      return {
        counts: requests.counts(),
        peakConcurrency: requests.peakConcurrencies(),
        latest: requests.list(query)
      }
    })
    app.delete('/requests', async (_request, reply) => {
      requests.clear()
      return reply.code(204).send()
    })
    // As it was at the start: no tenant, no mailbox, no fault, no memory of requests.
    app.post('/reset', async (_request, reply) => {
      faults.clear()
      mailboxes.clear()
      directories.clear()
      installations.clear()
      ewsSubscriptions.dropAll()
      ewsSubscriptions.streams.reset()
      graphSubscriptions.clear()
      deliveryFaults.clear()
      graphDeliveries.clear()
      tokens.revoke()
      requests.clear()
      return reply.code(204).send()
    })
  }
}

function toMailboxResponse({ events, tenant: _, ...mailbox }: Mailbox) {
  return { ...mailbox, events: events.size }
}
