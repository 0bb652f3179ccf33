/** The subtests of a group's files, by the address of the file. */
import type { Test } from 'tap'

const tests = new Map<string, Test>()

export function beginFile(address: string, test: Test): void {
  tests.set(address, test)
}

export function testOfFile(address: string): Test {
  const test = tests.get(address)
  if (test === undefined) throw new Error(`${address} is not in this group`)
  return test
}
