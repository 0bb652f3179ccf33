/** The CPU time of this process and of the programs that it started and that ended, for the test run to print. */
import { readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second for user space on every architecture (USER_HZ). */
const TICKS_PER_SECOND = 100

export interface CpuTime {
  /** Seconds, in user and kernel mode. */
  readonly own: number
  /** Seconds; 0 where there is no /proc. */
  readonly programs: number
}

export function cpuTime(): CpuTime {
  const { user, system } = process.cpuUsage()
  return { own: (user + system) / 1e6, programs: programsTime() }
}

/** Fields 16 and 17 of proc_pid_stat(5), `cutime` and `cstime`: the name before them may hold blanks. */
function programsTime(): number {
  let stat: string
  try {
    stat = readFileSync('/proc/self/stat', 'utf8')
  } catch {
    return 0
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}
