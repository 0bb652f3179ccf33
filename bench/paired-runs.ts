/** Compares a thing with its baseline in turns, so that a noisy machine disturbs both alike. */

export interface Ratio {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Runs both in turns; each run answers a figure. The ratio is `ours / baseline`, round by round. */
export async function comparePaired(
  rounds: number,
  ours: () => number | Promise<number>,
  baseline: () => number | Promise<number>
): Promise<{ ratio: Ratio; ours: number; baseline: number }> {
  const figures: { ours: number; baseline: number }[] = []
  await ours()
  await baseline()
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0
    const before = first ? await ours() : await baseline()
    const after = first ? await baseline() : await ours()
    figures.push(first ? { ours: before, baseline: after } : { ours: after, baseline: before })
  }
  const ratios = figures.map((figure) => figure.ours / figure.baseline)
  return {
    ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
    ours: median(figures.map((figure) => figure.ours)),
    baseline: median(figures.map((figure) => figure.baseline))
  }
}

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** CPU milliseconds (user and system) that this process spends on the work. */
export function measureCpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

export function printRow(what: string, figure: string, baseline: string, ratio: string, goal: string): void {
  process.stdout.write(
    `${what.padEnd(44)} ${figure.padStart(16)} ${baseline.padStart(16)} ${ratio.padStart(22)}  ${goal}\n`
  )
}

export function formatRatio({ median, min: least, max: most }: Ratio): string {
  return `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`
}
