/** A client of server-sent events as WHATWG HTML, section 9.2.6 ("Interpreting an event stream") has it. */

export interface ServerEvent {
  readonly type: string
  readonly data: string
  /** The last event id when it came. */
  readonly id: string
}

export class EventClient {
  readonly response: Response
  readonly events: ServerEvent[] = []
  comments = 0
  retryMs: number | null = null
  /** `Last-Event-ID` of a reconnect. */
  lastId = ''
  /** Resolves when the stream has ended, whoever ended it. */
  readonly ended: Promise<void>
  readonly #abort: AbortController
  #type = ''
  #data: string[] = []

  static async open(url: string, key: string, headers: Record<string, string> = {}): Promise<EventClient> {
    const abort = new AbortController()
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream', ...headers },
      signal: abort.signal
    })
    return new EventClient(response, abort)
  }

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.ended = this.#read().catch(() => {})
  }

  get statuses(): { readonly user: string; readonly diversion: string; readonly removed?: true }[] {
    return this.events.filter(({ type }) => type === 'status').map(({ data }) => JSON.parse(data))
  }

  /** The newest Status of each user. */
  get state(): Map<string, string> {
    const state = new Map<string, string>()
    for (const { user, diversion, removed } of this.statuses) {
      if (removed) state.delete(user)
      else state.set(user, diversion)
    }
    return state
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.ended
  }

  async #read(): Promise<void> {
    if (this.response.status !== 200 || this.response.body === null) return
    let rest = ''
    for await (const bytes of this.response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + bytes).split('\n')
      rest = lines.pop()!
      for (const line of lines) this.#onLine(line)
    }
  }

  #onLine(line: string): void {
    if (line === '') {
      this.#dispatch()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) {
      this.comments++
      return
    }
    const [field, value] =
      colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
    if (field === 'event') this.#type = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id') this.lastId = value
    else if (field === 'retry') this.retryMs = Number(value)
    else throw new Error(`no field of server-sent events: ${line}`)
  }

  #dispatch(): void {
    if (this.#data.length > 0) {
      this.events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.lastId })
    }
    this.#type = ''
    this.#data = []
  }
}
