/** A connection test, followed while it runs: each step is told as it passes. */
import { api, dataOf, type Schemas } from '../api/client.ts'

export type TestResult = Schemas['TestResult']

/** Throws ApiError; or TypeError where the connection to the service breaks. */
export async function testConnection(
  tenant: string,
  query: { user?: string; probe?: string },
  onPassed: (step: string) => void
): Promise<TestResult> {
  const answer = await dataOf<unknown>(
    api.POST('/v1/tenants/{tenant}/connection/test', {
      params: { path: { tenant }, query },
      headers: { accept: 'application/x-ndjson' },
      parseAs: 'stream'
    })
  )
  let result: TestResult | null = null
  for await (const line of linesOf(answer as ReadableStream<Uint8Array>)) {
    const told = JSON.parse(line) as { readonly passed: string } | TestResult
    if ('passed' in told) onPassed(told.passed)
    else result = told
  }
  if (result === null) throw new TypeError('')
  return result
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) break
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
