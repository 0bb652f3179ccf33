/** Changes as frames of server-sent events. A batch that many clients receive is written once. */
import { Slice } from '../../lib/time-slices.ts'
import type { Changes } from '../../status/changes.ts'

/** Frames are put together to pieces of about so many characters, for each of which a slow client is waited for. */
const PIECE_LENGTH = 32_768

const framesOfBatch = new WeakMap<Changes, Promise<readonly Buffer[]>>()

/**
 * The cursor is the `id` of the last frame alone: a client that is cut off before has the cursor of before, and misses nothing. A
 * frame without data gives a client the newer cursor, and no event.
 */
export function writeFrames(changes: Changes): Promise<readonly Buffer[]> {
  const known = framesOfBatch.get(changes)
  if (known !== undefined) return known
  const frames = framesOf(changes)
  framesOfBatch.set(changes, frames)
  return frames
}

/** The stream cannot go on. An `id` without a value makes a browser forget its cursor, so that it begins anew. */
export function resetFrame(problem: object): Buffer {
  return Buffer.from(`id:\nevent: reset\ndata: ${JSON.stringify(problem)}\n\n`)
}

async function framesOf({ cursor, changes }: Changes): Promise<readonly Buffer[]> {
  if (changes.length === 0) return [Buffer.from(`id: ${cursor}\n\n`)]
  const pieces: Buffer[] = []
  let text = ''
  const slice = new Slice()
  for (const [index, status] of changes.entries()) {
    if (index === changes.length - 1) text += `id: ${cursor}\n`
    text += `event: status\ndata: ${status}\n\n`
    if (text.length >= PIECE_LENGTH) {
      pieces.push(Buffer.from(text))
      text = ''
    }
    if (slice.isOver()) await slice.next()
  }
  if (text !== '') pieces.push(Buffer.from(text))
  return pieces
}
