/** What the OpenAPI document says beside the calls, and of who may make each. */
import type { FastifySchema, RouteOptions } from 'fastify'

export const openapiInfo = {
  openapi: '3.1.0',
  info: {
    title: 'Hanvisa',
    version: '1',
    description:
      'Reads people’s calendars and reports to the telephone switch which diversion holds for each person, until when, ' +
      'and why. Times are RFC 3339 in UTC. Errors are `application/problem+json` (RFC 9457) whose `type` ends in a ' +
      'closed code. Unknown members and parameters are refused by name.'
  },
  tags: [
    { name: 'Statuses', description: 'What holds for users, now and next.' },
    { name: 'Tenants', description: 'The customers of this installation.' },
    { name: 'Keys', description: 'What opens this API, for whom, and how far.' },
    { name: 'Connections', description: 'How a tenant’s calendars are reached.' },
    { name: 'Consumers', description: 'What statuses are pushed to.' },
    { name: 'Users', description: 'The people on the switch.' },
    { name: 'Rules', description: 'How events become diversions.' },
    { name: 'Sync', description: 'How the reading of calendars goes.' },
    { name: 'Audit', description: 'Who did what, when and from where.' },
    { name: 'Service', description: 'The installation itself.' }
  ],
  components: {
    securitySchemes: {
      key: {
        type: 'http' as const,
        scheme: 'bearer',
        description:
          'An API key, or the admin key of this installation. `x-roles` of each call lists the roles whose keys may make it; where `x-softphone` is `own`, a softphone may of its ' +
          'own user alone, and where it is `colleagues`, of others with `colleagues` on its key.'
      },
      password: {
        type: 'http' as const,
        scheme: 'basic',
        description: 'The key as the password, with any user name, for switches that know nothing else.'
      }
    }
  },
  security: [{ key: [] }, { password: [] }]
}

/** Adds who may make the call, and as what it goes to the audit. */
export function describeAccess<T extends { schema: FastifySchema; url: string; route: RouteOptions }>({
  schema,
  url,
  route
}: T): { schema: FastifySchema; url: string } {
  const access = route.config?.access
  if (access === undefined || schema?.hide === true) return { schema, url }
  const stated =
    access === 'public'
      ? { security: [] }
      : {
          'x-roles': access.roles,
          ...(access.softphone !== undefined && { 'x-softphone': access.softphone })
        }
  const { audit = 'none' } = route.config ?? {}
  return { schema: { ...schema, ...stated, ...(audit !== 'none' && { 'x-audit': audit }) }, url }
}

/** Components are named by the `$id` of their schemas. */
export function componentName(
  json: { $id?: unknown },
  _base: unknown,
  _fragment: string,
  index: number
): string {
  return typeof json.$id === 'string' ? json.$id : `def-${index}`
}
