/** A connection test as it runs: a line for each step that passed, and at last the result. */
import { PassThrough } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { OnPassed } from '../connectors/connector.ts'
import type { ConnectionTestResult } from '../management/connection-test.ts'

export const TEST_LINES = 'application/x-ndjson'

/** Begins with the first step: what is wrong before it is a problem like that of any call. */
export async function sendTestLines(
  reply: FastifyReply,
  run: (onPassed: OnPassed) => Promise<ConnectionTestResult>
): Promise<FastifyReply> {
  const lines = new PassThrough()
  let hasBegun = false
  const write = (line: object) => {
    hasBegun = true
    lines.write(`${JSON.stringify(line)}\n`)
  }
  await new Promise<void>((resolve, reject) => {
    run((passed) => {
      write({ passed })
      resolve()
    }).then(
      (result) => {
        write(result)
        lines.end()
        resolve()
      },
      (error: unknown) => {
        reject(error)
        // What was begun is cut off: the caller sees that the result is missing.
        if (hasBegun) lines.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    )
  })
  // nginx, which else holds lines back until there are many.
  return reply.header('x-accel-buffering', 'no').type(TEST_LINES).send(lines)
}
