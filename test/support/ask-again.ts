/** A busy machine gives a service no time (503 `overloaded`): as a consumer would, a test asks again. */
import { setTimeout as pause } from 'node:timers/promises'

export async function askAgainWhileOverloaded<T extends { readonly status: number; readonly text: string }>(
  send: () => Promise<T>
): Promise<T> {
  for (;;) {
    const answer = await send()
    if (answer.status !== 503 || !answer.text.includes('urn:hanvisa:problem:overloaded')) return answer
    await pause(1000)
  }
}
