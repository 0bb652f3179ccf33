/** No more than so many at once; the others wait in line. */

export type InLine = <T>(work: () => Promise<T>) => Promise<T>

export function inLine(most: number): InLine {
  let busy = 0
  const line: (() => void)[] = []
  return async (work) => {
    if (busy === most) await new Promise<void>((resolve) => line.push(resolve))
    else busy++
    try {
      return await work()
    } finally {
      const next = line.shift()
      if (next === undefined) busy--
      else next()
    }
  }
}
