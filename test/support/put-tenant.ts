/** Makes a tenant at a service that may still be waiting for its store. */
import { until } from './until.ts'

type Call = (
  method: string,
  path: string,
  body?: unknown
) => Promise<{ readonly status: number; readonly text: string }>

/** Stockholm, Swedish, named as its id; `more` adds members or puts others in their place. */
export async function putTenant(call: Call, id: string, more: object = {}): Promise<void> {
  const body = { name: id, timeZone: 'Europe/Stockholm', language: 'sv', ...more }
  // On a busy machine Redis may answer too late; then the same is sent again, as the answer says.
  const { status, text } = await until(`the tenant ${id}`, async () => {
    const answer = await call('PUT', `/v1/tenants/${id}`, body)
    return answer.status !== 503 && answer
  })
  if (status >= 300) throw new Error(`the tenant was not made: ${text}`)
}
