/** Everybody's status in one tenant, kept current by server-sent events; read whole at the start and when the cursor expired. */
import { createSignal } from 'solid-js'
import { ApiError, api, authorizationHeaders, dataOf, noteDate, type Status } from './client.ts'
import { readEvents } from './server-sent-events.ts'

/** Milliseconds between tries: the first soon, since most breaks are a restart or a change of network. */
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 15_000
/** The service sends a comment every 15 s: silence for three of them is a broken connection. */
const SILENCE_MS = 45_000

export type LiveState = 'connecting' | 'live' | 'offline'

export class LiveStatuses {
  readonly #tenant: string
  /** Of the labels. */
  readonly #language: string
  readonly #statuses = new Map<string, Status>()
  readonly #ending = new AbortController()
  readonly #version: [() => number, (next: (former: number) => number) => number]
  readonly #state: [() => LiveState, (state: LiveState) => LiveState]
  readonly #offlineSince: [() => number | null, (at: number | null) => number | null]
  readonly #isDegraded: [() => boolean, (is: boolean) => boolean]
  #cursor: string | null = null
  #isDrawing = false

  constructor({ tenant, language }: { readonly tenant: string; readonly language: string }) {
    this.#tenant = tenant
    this.#language = language
    this.#version = createSignal(0)
    this.#state = createSignal<LiveState>('connecting')
    this.#offlineSince = createSignal<number | null>(null)
    this.#isDegraded = createSignal(false)
    void this.#follow()
  }

  /** Tracks: read again after each change, at most once for each frame that is drawn. */
  all(): ReadonlyMap<string, Status> {
    this.#version[0]()
    return this.#statuses
  }

  get state(): LiveState {
    return this.#state[0]()
  }

  /** Epoch milliseconds by this computer's clock. */
  get offlineSince(): number | null {
    return this.#offlineSince[0]()
  }

  get isDegraded(): boolean {
    return this.#isDegraded[0]()
  }

  /** Whether everybody was read once. */
  get isLoaded(): boolean {
    this.#version[0]()
    return this.#cursor !== null
  }

  close(): void {
    this.#ending.abort()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; ) {
      try {
        if (this.#cursor === null) await this.#readAll()
        await this.#readEvents(() => {
          retryMs = FIRST_RETRY_MS
        })
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return
      }
      if (signal.aborted) return
      this.#state[1]('offline')
      if (this.#offlineSince[0]() === null) this.#offlineSince[1](Date.now())
      await waitOrOnline(retryMs * (0.75 + Math.random() / 2), signal)
      retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)
    }
  }

  async #readAll(): Promise<void> {
    const call = api.GET('/v1/tenants/{tenant}/statuses', {
      params: { path: { tenant: this.#tenant }, query: { language: this.#language } },
      signal: this.#ending.signal
    })
    const { statuses, cursor } = await dataOf(call)
    const { response } = await call
    this.#isDegraded[1](response.headers.has('hanvisa-degraded'))
    this.#statuses.clear()
    for (const status of statuses) if ('user' in status) this.#statuses.set(status.user, status as Status)
    this.#cursor = cursor ?? null
    this.#draw()
  }

  async #readEvents(onOpen: () => void): Promise<void> {
    const query = new URLSearchParams({ cursor: this.#cursor ?? '', language: this.#language })
    const url = `/v1/tenants/${encodeURIComponent(this.#tenant)}/events?${query}`
    const silence = new AbortController()
    const isOver = AbortSignal.any([this.#ending.signal, silence.signal])
    let timer = setTimeout(() => silence.abort(), SILENCE_MS)
    try {
      const response = await fetch(url, {
        headers: { accept: 'text/event-stream', ...authorizationHeaders() },
        signal: isOver
      })
      noteDate(response)
      if (!response.ok || response.body === null) throw new ApiError(response.status, '', null)
      onOpen()
      this.#state[1]('live')
      this.#offlineSince[1](null)
      for await (const event of readEvents(response.body)) {
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), SILENCE_MS)
        if (event.id !== null) this.#cursor = event.id
        if (event.type === 'status') this.#take(JSON.parse(event.data))
        if (event.type === 'reset') {
          this.#cursor = null
          return
        }
      }
    } finally {
      clearTimeout(timer)
    }
  }

  #take(change: Status | { readonly user: string; readonly removed: true }): void {
    if ('removed' in change) this.#statuses.delete(change.user)
    else this.#statuses.set(change.user, change)
    this.#draw()
  }

  /** A switch of a thousand users in one second is drawn as one. */
  #draw(): void {
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => {
      this.#isDrawing = false
      this.#version[1]((former) => former + 1)
    })
  }
}

function waitOrOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      window.removeEventListener('online', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    window.addEventListener('online', end)
    signal.addEventListener('abort', end)
  })
}
