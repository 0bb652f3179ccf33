/** A calendar's further pages are of the mailbox that was asked for, or nothing is read. */

import { isPageOfMailbox } from '../../../src/connectors/graph/client/next-page.ts'
import t from '../../group/tap.ts'
import { startFakeGraph } from './fake-graph.ts'

t.test('which pages are of a mailbox', async (t) => {
  const same = [
    ['/users/anna%40example.se/calendarView?$skip=200', 'anna@example.se'],
    ['/users/Anna@Example.se/calendarView?$skip=200', 'anna@example.se'],
    ["/users('anna%40example.se')/calendarView?$skip=200", 'anna@example.se'],
    ["/users/o'brien%40example.se/calendarView?$skip=200", "o'brien@example.se"],
    ["/users('o''brien%40example.se')/calendarView?$skip=200", "o'brien@example.se"],
    // Another id of the same user, for all that can be known.
    ['/users/3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b/calendarView?$skip=200', 'anna@example.se'],
    ['/users/3F8F2F0E-6A0C-4A53-9F5B-1C2D3E4F5A6B/calendarView', '3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b']
  ] as const
  for (const [path, mailbox] of same) t.ok(isPageOfMailbox(path, mailbox), path)
  const other = [
    '/users/boss%40example.se/calendarView?$skip=200',
    "/users('boss@example.se')/calendarView",
    '/me/calendarView',
    '/groups/anna%40example.se/calendarView',
    '/users/%zz/calendarView',
    '/users',
    '/$batch'
  ]
  for (const path of other) t.notOk(isPageOfMailbox(path, 'anna@example.se'), path)
})

t.test('a link to another’s calendar ends the read of that user alone, and is not called', async (t) => {
  const asked: string[] = []
  let root = ''
  const graph = await startFakeGraph(t, ({ url }) => {
    asked.push(url)
    const link = `${root}/v1.0/users/boss%40example.se/calendarView?$skip=200`
    return { status: 200, body: { value: [], ...(url.includes('anna') && { '@odata.nextLink': link }) } }
  })
  const { cloud } = graph.connection
  root = typeof cloud === 'string' ? '' : cloud.graph
  const [anna, bo] = await graph.read(['anna@example.se', 'bo@example.se'])
  t.match(anna, {
    outcome: 'failed',
    error: { code: 'protocol_error', scope: 'mailbox', hint: /another mailbox/ }
  })
  t.match(bo, { outcome: 'read' })
  t.notOk(asked.some((url) => url.includes('boss')))
})
