/** What stands on a stream is read as it comes: many documents, split anywhere, of any length together. */
import fc from 'fast-check'
import { readSoap } from '../../../src/connectors/ews/soap/response.ts'
import { streamReader } from '../../../src/connectors/ews/streaming/responses.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { pieces } from './replies.ts'
import { closed, edited, heartbeat, lostSubscriptions, message, ok } from './streaming-exchange.ts'

t.test('documents run into each other, and break anywhere, also within a letter', async (t) => {
  const documents = [
    ok(),
    `\uFEFF${edited('å–1', 'CreatedEvent')}`,
    `\r\n${heartbeat('å–1')}\r\n`,
    edited('名', 'DeletedEvent').replace(/^<\?xml[^>]*>/, ''),
    lostSubscriptions(['x', 'y']),
    lostSubscriptions(['z'], 'ErrorExpiredSubscription', 't'),
    message('', 'ErrorReadEventsFailed'),
    message(
      '<m:MessageXml><t:Value Name="BackOffMilliseconds"> 70 </t:Value></m:MessageXml>',
      'ErrorServerBusy'
    ),
    closed()
  ]
  const bytes = Buffer.from(documents.join(''))
  const expected = [
    'open',
    'edited å–1',
    'edited 名',
    'dead x,y',
    'dead z',
    'dead all',
    'refused ErrorServerBusy 70',
    'closed after 9'
  ]
  const read = async (chunks: Iterable<Buffer>) => {
    const received: string[] = []
    let signs = 0
    const reader = streamReader({
      onHeartbeat: () => {
        signs += 1
      },
      onOpen: () => void received.push('open'),
      onEdited: (ids) => void received.push(`edited ${[...ids]}`),
      onSubscriptionsLost: (ids) => void received.push(`dead ${ids === null ? 'all' : [...ids]}`),
      onRefused: ({ code, backOffMs: backOff }) => void received.push(`refused ${code} ${backOff}`)
    })
    await readSoap(chunks, 'GetStreamingEvents', reader, { documents: 'many' })
    if (reader.isClosed) received.push(`closed after ${signs}`)
    return received
  }
  t.same(await read([bytes]), expected)
  for (const size of [1, 2, 3, 7]) t.same(await read(pieces(bytes, size)), expected, `in pieces of ${size}`)
  const wanted = expected.join()
  for (let at = 1; at < bytes.length; at += 1) {
    const received = await read([bytes.subarray(0, at), bytes.subarray(at)])
    if (received.join() !== wanted) t.same(received, expected, `broken at byte ${at}`)
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 20 }),
      async (cuts) => {
        const at = [0, ...cuts.sort((one, other) => one - other), bytes.length]
        const received = await read(at.slice(1).map((end, nth) => bytes.subarray(at[nth], end)))
        return received.join() === wanted
      }
    )
  )
  for (const end of [1, 100, bytes.length - 1]) {
    await t.rejects(read([bytes.subarray(0, end)]), { code: 'unreachable' }, `broken off at ${end}`)
  }
  await t.rejects(read([]), RemoteError)
  const long = Array.from({ length: 40 }, () =>
    Buffer.from(heartbeat('x'.repeat(400_000)) + heartbeat('x'.repeat(500_000)))
  )
  t.same(await read(long), [], 'a stream may be longer than any one reply')
  const huge = `<a>${'<b></b>'.repeat(5_000_000)}`
  await t.rejects(read(pieces(huge, 65_536)), { code: 'protocol_error' }, 'a document may not')
})
