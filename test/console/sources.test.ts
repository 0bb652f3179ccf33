/** What no source of the console may do, since it fails only now and then, on a busy machine. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from '../group/tap.ts'

const folder = join(import.meta.dirname, '../../../console/src')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.tsx')
)

t.test('no <Show> has a callback: its accessor throws "Stale read" within a transition', async (t) => {
  t.ok(files.length > 20)
  for (const path of files) {
    t.same(showsWithCallback(readFileSync(join(folder, path), 'utf8')), [], `${path}: use <Present>`)
  }
})

/**
 * Solid makes each navigation a transition once there is a <Suspense>: then what a memo gives may be undefined for as long as
 * the transition lasts, where data comes meanwhile ("Cannot destructure property 'phone' of 'undefined'", 1 of 6 on a busy machine).
 */
t.test('no source has a <Suspense>: navigation is no transition', async (t) => {
  for (const path of files) {
    t.notMatch(readFileSync(join(folder, path), 'utf8'), /\bSuspense\b|startTransition|useTransition/, path)
  }
})

t.test('such a <Show> is found, whatever its attributes', async (t) => {
  t.equal(
    showsWithCallback('<Show when={a > b ? {} : c()} fallback={<p>x</p>}>\n  {(value) => value()}').length,
    1
  )
  t.equal(showsWithCallback('<Show when={items().some((one) => one > 1)}>{count()}</Show>').length, 0)
})

/** The opening tags of those. */
function showsWithCallback(text: string): string[] {
  return [...text.matchAll(/<Show\s/g)].flatMap(({ index }) => {
    const end = endOfTag(text, index)
    return /^\s*\{\(?\w+\)? =>/.test(text.slice(end)) ? [text.slice(index, end)] : []
  })
}

/** Where the tag that opens at `start` ends: at the first `>` outside of braces. */
function endOfTag(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}') depth--
    else if (text[at] === '>' && depth === 0) return at + 1
  }
  return text.length
}
