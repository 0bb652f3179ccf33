/** Every edit of a calendar file is reported, whichever way a program writes it. */
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { FileWatcher } from '../../../src/connectors/ics/file-watcher.ts'
import t from '../../group/tap.ts'

function watching(t: Test, root: string, file: string) {
  const watch = new FileWatcher(root)
  let reported = 0
  let wake = () => {}
  const stop = watch.watch(join(root, file), () => {
    reported += 1
    wake()
  })
  t.teardown(() => watch.close())
  return {
    stop,
    count: () => reported,
    /** Ends when an edit is reported after what the function does. */
    async after(what: () => Promise<unknown>): Promise<void> {
      const next = new Promise<void>((resolve) => {
        wake = resolve
      })
      await what()
      await next
    }
  }
}

t.test('written, replaced, deleted and created again', async (t) => {
  const root = t.testdir({ 'anna.ics': 'one' })
  const file = join(root, 'anna.ics')
  const { after } = watching(t, root, 'anna.ics')
  await after(() => writeFile(file, 'two'))
  await after(async () => {
    await writeFile(join(root, 'new.tmp'), 'three')
    await rename(join(root, 'new.tmp'), file)
  })
  await after(() => unlink(file))
  await after(() => writeFile(file, 'four'))
  await after(() => writeFile(file, 'five'))
  t.pass('each was reported')
})

t.test('a folder that appears later, and one that disappears and appears again', async (t) => {
  const root = join(t.testdir({ calendars: {} }), 'calendars', 'acme')
  const { after } = watching(t, root, 'team/anna.ics')
  const write = async () => {
    await mkdir(join(root, 'team'), { recursive: true })
    await writeFile(join(root, 'team', 'anna.ics'), String(Math.random()))
  }
  await after(write)
  await after(write)
  await after(() => rm(root, { recursive: true }))
  await after(write)
  t.pass('each was reported')
})

t.test('files side by side are distinguished, and nothing is reported after the end', async (t) => {
  const root = t.testdir({ 'anna.ics': '', 'bo.ics': '' })
  const watch = new FileWatcher(root)
  t.teardown(() => watch.close())
  const reported: string[] = []
  let wake = () => {}
  const stop = watch.watch(join(root, 'anna.ics'), () => reported.push('anna'))
  watch.watch(join(root, 'bo.ics'), () => {
    reported.push('bo')
    wake()
  })
  const next = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  let bo = next()
  await writeFile(join(root, 'bo.ics'), '1')
  await bo
  t.same(reported, ['bo'])
  stop()
  bo = next()
  await writeFile(join(root, 'anna.ics'), '2')
  await writeFile(join(root, 'bo.ics'), '2')
  await bo
  t.same(reported, ['bo', 'bo'])
})
