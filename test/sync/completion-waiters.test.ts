/** Waiting in the in-process queue for targets: every caller learns what became of them. */

import { FairQueue, queueLimits } from '../../src/sync/queue/fair-queue.ts'
import type { BatchResult } from '../../src/sync/queue/queue.ts'
import t from '../group/tap.ts'
import { createFakeClock, yieldToEventLoop } from '../support/fake-clock.ts'

t.test('whoever waits for targets learns when they were read, delayed, or dropped', async (t) => {
  const started: ((verdict?: BatchResult) => Promise<void>)[] = []
  const read = () =>
    new Promise<BatchResult>((resolve) => {
      started.push(async (verdict = { tenant: null, targets: new Map() }) => {
        resolve(verdict)
        await yieldToEventLoop()
      })
    })
  const queue = new FairQueue({ batchSize: () => 2, read }, queueLimits, createFakeClock().timers)
  const completed: string[] = []
  const wait = async (name: string, targets: string[]) => {
    void queue.whenDone('acme', targets).then((read) => completed.push(`${name} ${read}`))
    await yieldToEventLoop()
  }
  await wait('nothing', ['a'])
  t.same(completed, ['nothing true'], 'where nothing waits')
  await queue.add('acme', ['a', 'b', 'c'], 'soon')
  await yieldToEventLoop()
  await wait('ab', ['a', 'b'])
  await wait('abc', ['a', 'b', 'c'])
  // Notified again while it is read: that read is not the one that is awaited.
  await queue.add('acme', ['a'], 'soon')
  await wait('a again', ['a'])
  await started[0]!({ tenant: null, targets: new Map([['b', { delayMs: 1000, source: 'own' }]]) })
  t.same(completed.slice(1), [], 'a is to be read again')
  await started[1]!()
  t.same(completed.slice(1).sort(), ['a again true', 'ab true', 'abc true'], 'and b is on a pause')
  await queue.add('acme', ['d'], 'soon')
  await yieldToEventLoop()
  await wait('d', ['d'])
  await queue.drop('acme')
  await started[2]!()
  t.equal(completed.at(-1), 'd false')
  await queue.close()
})
