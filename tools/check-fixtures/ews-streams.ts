/** What the EWS connector receives in each file of subscriptions and streams. */
import { readSoap } from '../../src/connectors/ews/soap/response.ts'
import { streamReader, subscribeReader } from '../../src/connectors/ews/streaming/responses.ts'
import { inPieces } from './pieces.ts'

type Read = (bytes: Buffer, size?: number) => Promise<unknown>

export const streams: Readonly<Record<string, readonly [read: Read, expected: unknown]>> = {
  'subscribe-streaming.xml': [
    subscribed,
    'JgBibjFwcjAzbWIyMDIubmFtcHJkMDMucHJvZC5vdXRsb29rLmNvbRAAAADwXxVesOnHS5BxUHKwAW88SHjwd1iB0Ag= NoError'
  ],
  'subscribe-error-delegateaccess.xml': [
    subscribed,
    'no subscription ErrorSubscriptionDelegateAccessNotSupported'
  ],
  'unsubscribe-error.xml': [subscribed, 'no subscription ErrorSubscriptionNotFound'],
  'getstreamingevents-open-ok.xml': [stream, ['sign', 'open']],
  'getstreamingevents-statusevent.xml': [stream, ['sign']],
  'getstreamingevents-freebusychanged.xml': [stream, ['sign', 'edited JgBibjFwcjAz=']],
  'getstreamingevents-notification.xml': [
    stream,
    [
      'sign',
      'edited JgBibjFwcjAzbWIyMDIubmFtcHJkMDMucHJvZC5vdXRsb29rLmNvbRAAAADwXxVesOnHS5BxUHKwAW88SHjwd1iB0Ag='
    ]
  ],
  'getstreamingevents-closed.xml': [stream, ['sign', 'closed']],
  'getstreamingevents-error-invalidsubscription.xml': [stream, ['sign', 'dead: all', 'closed']],
  'getstreamingevents-stream.txt': [
    stream,
    ['sign', 'open', 'sign', 'sign', 'edited JgBibjFwcjAz=', 'sign', 'sign', 'closed']
  ]
}

async function subscribed(bytes: Buffer, size = 97): Promise<unknown> {
  const reader = subscribeReader()
  const operation = bytes.includes('UnsubscribeResponse') ? 'Unsubscribe' : 'Subscribe'
  await readSoap(inPieces(bytes, size), operation, reader)
  return `${reader.subscription ?? 'no subscription'} ${reader.status?.code}`
}

/** The calls of the handlers, in order. */
async function stream(bytes: Buffer, size = 97): Promise<unknown> {
  const received: string[] = []
  const reader = streamReader({
    onHeartbeat: () => void received.push('sign'),
    onOpen: () => void received.push('open'),
    onEdited: (ids) => void received.push(`edited ${[...ids].join(' ')}`),
    onSubscriptionsLost: (ids) => void received.push(`dead: ${ids === null ? 'all' : [...ids].join(' ')}`),
    onRefused: ({ code }) => void received.push(`refused ${code}`)
  })
  await readSoap(inPieces(bytes, size), 'GetStreamingEvents', reader, { documents: 'many' })
  return reader.isClosed ? [...received, 'closed'] : received
}
