/** Documents of a stream, cut into the writes by which they go over the wire. */
import { seededRandom } from '../seeded-random.ts'
import type { Chunking } from './streams.ts'

/** A comment with letters of two, three and four bytes, for what is split in the middle of them. */
export const manyBytes = '<!-- å € 😀 -->'
const longest = 40

export function chunked(documents: readonly string[], chunking: Chunking, seed: number): Buffer[] {
  if (chunking === 'documents') return documents.map((each) => Buffer.from(each))
  const all = Buffer.from(documents.join(''))
  return chunking === 'joined' ? [all] : split(all, seed)
}

/** From 1 to 40 bytes each. */
function split(bytes: Buffer, seed: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + Math.floor(seededRandom(seed, `${bytes.length} ${from}`) * longest)
    pieces.push(bytes.subarray(from, to))
    from = to
  }
  return pieces
}
