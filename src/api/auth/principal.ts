/** Who is asking: by the key that was shown. */
import 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the key was found good; '' on addresses that need none. */
    principal: string
  }
}

/** Whoever shows the admin key. */
export const PROVIDER = 'provider'
