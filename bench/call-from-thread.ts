/** Calls of the service from a thread of its own, so that sending and receiving cost the measured thread nothing. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Agent, fetch } from 'undici'

export interface ThreadCaller {
  /** A string goes as CSV. Throws for what is refused. */
  call(method: string, path: string, body?: unknown): Promise<void>
  close(): Promise<unknown>
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

export function openThreadCaller(origin: string, key: string): ThreadCaller {
  const worker = new Worker(new URL(import.meta.url), { workerData: { origin, key } })
  return {
    call: (method, path, body) =>
      new Promise((resolve, reject) => {
        worker.once('error', reject)
        worker.once('message', (refused: string | null) => {
          worker.off('error', reject)
          if (refused === null) resolve()
          else reject(new Error(`${method} ${path}: ${refused}`))
        })
        worker.postMessage({ method, path, body } satisfies Call)
      }),
    close: () => worker.terminate()
  }
}

if (!isMainThread && parentPort !== null) answerCalls(parentPort, workerData)

function answerCalls(
  port: NonNullable<typeof parentPort>,
  { origin, key }: { readonly origin: string; readonly key: string }
): void {
  const dispatcher = new Agent({ headersTimeout: 600_000, bodyTimeout: 600_000 })
  port.on('message', async ({ method, path, body }: Call) => {
    const isSheet = typeof body === 'string'
    const response = await fetch(`${origin}${path}`, {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': isSheet ? 'text/csv' : 'application/json' })
      },
      ...(body !== undefined && { body: isSheet ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    port.postMessage(response.ok ? null : `${response.status} ${text.slice(0, 500)}`)
  })
}
