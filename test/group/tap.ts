/**
 * The test that a test file adds its subtests to: tap's own where a file runs alone, the file's subtest where a group runs
 * it (group.ts). A proxy, since a module hook that gave each file its own took 1 to 2 s of CPU per process.
 */
import root, { type Test } from 'tap'

let current: Test = root

/** From now on `t` is this test: the files of a group run one after the other. */
export function beginFile(test: Test): void {
  current = test
}

const t = new Proxy(root, {
  get(_, name) {
    const member: unknown = Reflect.get(current, name, current)
    return typeof member === 'function' ? member.bind(current) : member
  },
  set: (_, name, value) => Reflect.set(current, name, value, current)
})

export default t
