/**
 * One process at a time in a data folder, by listening sockets: the kernel releases them when their process ends, however it
 * ends, so that no lock is ever stale.
 *
 * On Linux a socket in the abstract namespace (unix(7)), named by the folder's device and inode, decides: there is no
 * moment at which two processes can both have it. It is seen within one network namespace. A socket in the folder
 * itself is seen by containers that share the volume, and on other systems it is all there is. Its file outlives a
 * killed process and is taken over when no process answers; two processes that start in the same instant could both
 * take it over. A volume that is mounted by two machines is not guarded: it must not be.
 */
import { stat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** Bytes of a socket's path on every system (sun_path). A longer one would be cut, and be another's. */
const LONGEST_PATH = 103

/** Resolves to a function that releases the lock, or to null if another process holds it. */
export async function lockFolder(folder: string): Promise<(() => Promise<void>) | null> {
  const held: Server[] = []
  const release = async () => {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))))
  }
  if (process.platform === 'linux') {
    const { dev, ino } = await stat(folder)
    const server = await listen(`\0hanvisa ${dev} ${ino}`)
    if (server === 'taken') return null
    if (server !== 'impossible') held.push(server)
  }
  const server = await listenOrTakeOver(join(folder, 'in-use'))
  if (server === 'taken') {
    await release()
    return null
  }
  if (server !== 'impossible') held.push(server)
  return release
}

async function listenOrTakeOver(path: string): Promise<Server | 'taken' | 'impossible'> {
  const server = await listen(path)
  if (server !== 'taken' || (await answers(path))) return server
  await unlink(path).catch(() => {})
  return listen(path)
}

/** `impossible`: not every file system has sockets, and a path may be too long for one. */
function listen(path: string): Promise<Server | 'taken' | 'impossible'> {
  if (Buffer.byteLength(path) > LONGEST_PATH) return Promise.resolve('impossible')
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'EADDRINUSE' ? 'taken' : 'impossible')
    })
    server.listen(path, () => resolve(server)).unref()
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
