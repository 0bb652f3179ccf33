/** Hands a file to the browser, which saves it where it saves what is downloaded. */

/** Milliseconds that a browser may take to begin to read it. */
const READ_MS = 60_000

export function saveFile(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), READ_MS)
}
