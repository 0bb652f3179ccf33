/** A stream of EWS as a test reads it: document by document, and chunk by chunk. */
import { fetch } from 'undici'
import { basic, calendarOf, type OpenEws, service, soapCall, texts } from './ews-open.ts'

export const types = ['CreatedEvent', 'ModifiedEvent', 'DeletedEvent', 'FreeBusyChangedEvent']
  .map((type) => `<t:EventType>${type}</t:EventType>`)
  .join('')
const impersonate = { name: 'anna@example.se' }
const version = 'Exchange2010_SP1'

/** A subscription's id, or the code of the refusal. */
export async function streaming({ ask }: OpenEws, name: string): Promise<string> {
  const request = `<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds>${calendarOf()}</t:FolderIds><t:EventTypes>${types}</t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`
  const { body, code } = await ask(request, { impersonate: { name }, version })
  return texts(body, 'SubscriptionId')[0] ?? code ?? ''
}

/** Each `next` is one document: its code, ids, events and connection status. Null at the end. */
export async function openStream({ simulator, agent }: OpenEws, ids: readonly string[]) {
  const list = ids.map((id) => `<t:SubscriptionId>${id}</t:SubscriptionId>`).join('')
  const response = await fetch(simulator.ewsUrl, {
    method: 'POST',
    headers: { 'content-type': 'text/xml', authorization: basic(service.user, service.password) },
    body: soapCall(
      `<m:GetStreamingEvents><m:SubscriptionIds>${list}</m:SubscriptionIds><m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>`,
      { version, impersonate }
    ),
    dispatcher: agent
  })
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  const chunks: Uint8Array[] = []
  let [rest, all] = ['', '']
  const next = async (): Promise<(string | undefined)[] | null> => {
    const end = rest.search(/<\/(s:)?Envelope>/)
    if (end >= 0) {
      const length = rest.indexOf('>', end) + 1
      const document = rest.slice(0, length)
      rest = rest.slice(length)
      return [
        ...document.matchAll(
          /<(?:e|m|t):(?:ResponseCode|SubscriptionId|ConnectionStatus)[^>]*>([^<]*)|<t:(\w+Event)>/g
        )
      ].map((match) => match[1] ?? match[2])
    }
    const { done, value } = await reader.read()
    if (done) return null
    chunks.push(value)
    const text = decoder.decode(value, { stream: true })
    rest += text
    all += text
    return next()
  }
  return { next, chunks, raw: () => all, leave: () => reader.cancel() }
}
