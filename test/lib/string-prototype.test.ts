/** A class that extends String makes loops over characters slow; they are as fast again after restoreStringMethods. */

import { restoreStringMethods } from '../../src/lib/string-prototype.ts'
import t from '../group/tap.ts'

const { charCodeAt } = String.prototype
const subjects = Array.from({ length: 10_000 }, (_, index) => `Avstämning med kund Planering ${index}`)

function viaString(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum += text.charCodeAt(index)
  return sum
}

/** The same by a method that is not looked up: what it costs where V8 inlines it. */
function viaMethod(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum += charCodeAt.call(text, index)
  return sum
}

function leastMs(sum: (text: string) => number): number {
  const times = Array.from({ length: 60 }, () => {
    const before = process.cpuUsage()
    for (const subject of subjects) sum(subject)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

t.test('charCodeAt costs what the method itself costs', async (t) => {
  // Referenced, so that the class is not optimised away.
  const holder = { Wrapped: class extends String {} }
  restoreStringMethods()
  const ratio = leastMs(viaString) / leastMs(viaMethod)
  t.ok(ratio < 2, `${ratio.toFixed(2)}: without restoreStringMethods it is 3 to 4`)
  t.ok(holder.Wrapped)
})
