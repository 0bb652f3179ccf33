/** `/v1/tenants/{tenant}/users`: the people on the switch. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Strict } from '../../lib/json-schema.ts'
import type { Management } from '../../management/management.ts'
import { pageQuery, TenantParams, UserParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'
import { PatchUserSchema, PutUserSchema, UserListSchema, UserSchema } from '../schemas/users.ts'

const tags = ['Users']

const UserQuery = Strict({
  ...pageQuery,
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Part of a name, an extension, a number or a mailbox; case is ignored.',
      examples: ['ek']
    })
  )
})

export function usersRoutes(deps: { management: Pick<Management, 'users'> }): FastifyPluginAsyncTypebox {
  const { users } = deps.management
  return async (app) => {
    app.get(
      '/tenants/:tenant/users',
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'List or find users',
          description:
            'The users by id, a page at a time; with `q` those of whom it is part of the name, the extension, a number or the mailbox.',
          params: TenantParams,
          querystring: UserQuery,
          response: { 200: ref(UserListSchema), ...problems('not_found') }
        }
      },
      async ({ params, query }) => {
        const { items, after } = await users.list(params.tenant, query)
        return { users: [...items], ...(after !== undefined && { after }) }
      }
    )

    app.put(
      '/tenants/:tenant/users/:user',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'user.put' },
        schema: {
          tags,
          summary: 'Make or change a user',
          description:
            'What is left out is taken away. Another mailbox or time zone, or `syncEnabled` turned, drops what was read ' +
            'of the calendar, and it is read anew at once; so it is with other triggers, but what was read stays till then.',
          params: UserParams,
          body: ref(PutUserSchema),
          response: {
            200: ref(UserSchema),
            201: ref(UserSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body, management }, reply) => {
        const { user, created } = await management.users.put(params.tenant, params.user, body)
        return reply.code(created ? 201 : 200).send(user)
      }
    )

    app.patch(
      '/tenants/:tenant/users/:user',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'user.patch' },
        schema: {
          tags,
          summary: 'Change some of a user',
          description: 'What is left out stays, null takes away (RFC 7396). Answers the whole user.',
          params: UserParams,
          body: ref(PatchUserSchema),
          response: {
            200: ref(UserSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body, management }) => management.users.patch(params.tenant, params.user, body)
    )

    app.get(
      '/tenants/:tenant/users/:user',
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Read a user',
          description: 'The user as they were put; a mailbox that is a URL by its host alone.',
          params: UserParams,
          response: { 200: ref(UserSchema), ...problems('not_found') }
        }
      },
      async ({ params }) => users.get(params.tenant, params.user)
    )

    app.delete(
      '/tenants/:tenant/users/:user',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'user.delete' },
        schema: {
          tags,
          summary: 'Remove a user',
          description: 'With their override and all that was read of their calendar.',
          params: UserParams,
          response: { 204: NoContent('They are gone.'), ...problems('not_found') }
        }
      },
      async ({ params, management }, reply) => {
        await management.users.remove(params.tenant, params.user)
        return reply.code(204).send(null)
      }
    )
  }
}
