/** What processes cost, as the kernel counts (proc(5)), and work for them in a few lanes. */
import { readFileSync } from 'node:fs'

interface Process {
  readonly pid: number | null
}

/** CPU milliseconds so far, of user and system; the kernel counts in ticks of 10 ms. */
export function processCpuMs({ pid }: Process): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

/** Bytes resident. */
export function residentBytes({ pid }: Process): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
}

/** How many processes would run if they could, as a mean of the last minute: figures of a busy machine are not believed. */
export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0])
}

/** So many things done, a few at the same time. */
export async function runConcurrently(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) await work(next++)
    })
  )
}
