/** The console at `/console/`: open, since the page holds nothing; what it shows it asks of the API as whoever signed in. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { RequestError } from '../errors.ts'
import { pageHeaders } from './page-headers.ts'

/** Seconds; a file's name changes with its content. */
const ASSET_MAX_AGE_S = 365 * 86_400

/** What `npm run console` built: `dist/console`. */
const folder = fileURLToPath(new URL('../../console/', import.meta.url))

/** For `register` with the prefix `/console`: the headers are of these pages alone. */
export async function consolePages(app: FastifyInstance): Promise<void> {
  await app.register(helmet, pageHeaders())
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async () => {
      throw new RequestError('not_found', 'The console is not built: run "npm run console".')
    })
    return
  }
  await app.register(fastifyStatic, {
    root: folder,
    setHeaders: (reply, path) => {
      const isAsset = path.startsWith(join(folder, 'assets'))
      reply.header('cache-control', isAsset ? `public, max-age=${ASSET_MAX_AGE_S}, immutable` : 'no-cache')
    },
    cacheControl: false,
    schemaHide: true,
    preCompressed: true
  })
  // Every address below is a place within the page, so that a reload or a link opens it.
  app.setNotFoundHandler((request, reply) => {
    const isPlace = request.method === 'GET' && !request.url.startsWith('/console/assets/')
    if (!isPlace) throw new RequestError('not_found', 'There is no such file of the console.')
    return reply.sendFile('index.html')
  })
}
