/** Asked to stop, the service answers who waits for a change, and goes at once. */
import t from '../group/tap.ts'
import { startServiceProcess } from '../support/service-process.ts'

t.test('a long poll is answered, and its cursor is good for another process', async (t) => {
  const service = await startServiceProcess(t)
  await service.call('PUT', '/v1/tenants/acme', {
    name: 'Acme',
    timeZone: 'Europe/Stockholm',
    language: 'sv'
  })
  const { json } = await service.call('GET', '/v1/tenants/acme/statuses')
  const waiting = service.call('GET', `/v1/tenants/acme/changes?wait=55&cursor=${json.cursor}`)
  // Asked for after the poll, over a connection of its own: by then the poll waits.
  await service.call('GET', '/metrics')
  await service.kill('SIGTERM')
  const answer = await waiting
  t.equal(answer.status, 200)
  t.same(answer.json.changes, [])

  const next = await startServiceProcess(t, {}, service.folder)
  const after = await next.call('GET', `/v1/tenants/acme/changes?cursor=${answer.json.cursor}`)
  t.equal(after.status, 200)
})
