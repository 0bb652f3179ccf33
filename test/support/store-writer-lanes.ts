/** What the writer and the one who checks it know of each other. */
import type { Cause } from '../../src/domain/timeline.ts'
import { sampleCause } from '../contracts/store-samples.ts'

/** Each lane writes one thing after the other; the lanes write at the same time. */
export const writerLanes = ['a', 'b', 'c', 'd', 'e', 'f'] as const

/** From none to more than fit into one page of the file, by the count. */
export function groundsOfSize(count: number): Cause[] {
  return Array.from({ length: (count * 7) % 400 }, (_, index) => sampleCause(index % 5))
}
