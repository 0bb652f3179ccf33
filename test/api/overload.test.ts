/** While the process cannot keep up it refuses work early; probes and reads from memory go on. */
import Fastify from 'fastify'
import { refuseOverload } from '../../src/api/overload.ts'
import { sendError } from '../../src/api/problem.ts'
import t from '../group/tap.ts'

/** Holds the event loop, with a turn of it every now and then. */
async function holdEventLoop(totalMs: number, sliceMs: number): Promise<void> {
  const end = performance.now() + totalMs
  while (performance.now() < end) {
    const until = performance.now() + sliceMs
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve))
  }
}

t.test('work is refused with 503 while the event loop is late, and again done when it is not', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.setErrorHandler(sendError)
  await refuseOverload(app, { maxEventLoopDelayMs: 100, startMs: 0 })
  app.get('/work', async () => 'done')
  app.get('/healthz', { config: { limits: 'none' } }, async () => 'alive')
  app.get('/console/acme/now', async () => 'page')
  app.get('/statuses', { config: { limits: 'from-memory' } }, async () => 'known')
  await app.ready()
  t.equal((await app.inject('/work')).statusCode, 200)

  await holdEventLoop(4500, 300)
  const refused = await app.inject('/work')
  t.equal(refused.statusCode, 503)
  t.equal(refused.headers['retry-after'], '5')
  t.match(refused.json(), { type: 'urn:hanvisa:problem:overloaded', status: 503 })
  t.equal((await app.inject('/healthz')).payload, 'alive')
  t.equal((await app.inject('/statuses')).payload, 'known')
  t.equal((await app.inject('/console/acme/now')).payload, 'page', 'a person is shown no problem as JSON')

  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if ((await app.inject('/work')).statusCode === 200) break
  }
  t.pass('it recovers')
})

t.test('a process that starts is late, and nothing is refused', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await refuseOverload(app, { maxEventLoopDelayMs: 100, startMs: 600_000 })
  app.get('/work', async () => 'done')
  await app.ready()
  await holdEventLoop(4500, 300)
  t.equal((await app.inject('/work')).statusCode, 200)
})
