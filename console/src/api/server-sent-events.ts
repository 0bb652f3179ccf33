/** Reads `text/event-stream` (HTML Standard, 9.2.6) from fetch: EventSource cannot send the header Authorization. */

export interface ServerSentEvent {
  readonly type: string
  readonly data: string
  /** Null where the event has none. A comment comes as an event of the type `comment`, as a sign of life. */
  readonly id: string | null
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader()
  let rest = ''
  let type = ''
  let data: string[] = []
  let id: string | null = null
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const text = line.endsWith('\r') ? line.slice(0, -1) : line
        if (text === '') {
          if (data.length > 0 || id !== null || type !== '')
            yield { type: type || 'message', data: data.join('\n'), id }
          type = ''
          data = []
          id = null
        } else if (text.startsWith(':')) yield { type: 'comment', data: '', id: null }
        else {
          const colon = text.indexOf(':')
          const field = colon === -1 ? text : text.slice(0, colon)
          const content = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '')
          if (field === 'event') type = content
          else if (field === 'data') data.push(content)
          else if (field === 'id') id = content
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
