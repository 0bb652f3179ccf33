/** Copies of texts that outlive their reply. */

/**
 * V8 makes a text of 13 characters or more a slice of the piece of the reply in which it stood. An event that is kept would
 * keep 16 KB of other people's subjects with it, and the garbage collector would copy them (a tenth of the CPU of a reply). To slice a
 * concatenation V8 first writes it out, so that the slice is one of these few characters.
 */
export function copyText(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1)
}
