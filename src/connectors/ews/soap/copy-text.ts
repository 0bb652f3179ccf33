/** Copies of texts that outlive their reply. */

const scratch = Buffer.alloc(4096)

/**
 * V8 makes a text of 13 characters or more a slice of the piece of the reply in which it stood. An event that is kept would
 * keep 16 KB of other people's subjects with it, and the garbage collector would copy them (a tenth of the CPU of a reply).
 */
export function copyText(text: string): string {
  if (text.length < 13 || text.length > scratch.length / 4) return text
  return scratch.toString('utf8', 0, scratch.write(text, 0, 'utf8'))
}
