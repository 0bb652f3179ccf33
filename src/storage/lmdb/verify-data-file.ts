/**
 * Reads an lmdb file page by page with ordinary reads before anybody maps it into memory: behind a map, a page that is
 * missing kills the process (SIGBUS), and one that holds garbage may (SIGSEGV); lmdb itself takes a file whose first
 * bytes are wrong for a new one. Costs about a second for 400 MB.
 *
 * The layout is that of lmdb's data version 2 (`MDB_page_header`, `MDB_meta`, `MDB_db`, `MDB_node` in its mdb.c), on
 * a 64-bit machine of the usual byte order, which is all that its prebuilt binaries are for.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** What is wrong with the file, in words that go on from "data.mdb …"; null when it can be mapped. */
export function findDamage(file: string): string | null {
  const fd = openSync(file, 'r')
  try {
    const size = fstatSync(fd).size
    const meta = newestMeta(fd, size)
    const pages: Pages = {
      fd,
      size,
      pageSize: meta.pageSize,
      lastPage: meta.lastPage,
      seen: new Uint8Array(Math.floor(size / meta.pageSize)),
      buffers: []
    }
    checkTree(pages, meta.freeRoot, 'free list')
    checkTree(pages, meta.mainRoot, 'databases')
    return null
  } catch (error) {
    if (error instanceof Damage) return error.message
    throw error
  } finally {
    closeSync(fd)
  }
}

class Damage extends Error {}

interface Meta {
  readonly pageSize: number
  readonly lastPage: number
  readonly freeRoot: bigint
  readonly mainRoot: bigint
  readonly transaction: bigint
}

interface Pages {
  readonly fd: number
  readonly size: number
  readonly pageSize: number
  readonly lastPage: number
  /** Every page belongs to one place: met twice, the file is tangled. */
  readonly seen: Uint8Array
  /** One page for each level of the walk. */
  readonly buffers: Buffer[]
}

const HEADER = 24
const META_END = 160
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const NO_PAGE = 0xffff_ffff_ffff_ffffn
const FLAG = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 }
const NODE = { onPagesOfItsOwn: 0x01, tree: 0x02 }
const NODE_HEADER = 8
const TREE_BYTES = 48
/** lmdb's own limit (CURSOR_STACK). */
const DEEPEST = 32

/** The two first pages take turns; the one of the later transaction counts, but lmdb insists on both. */
function newestMeta(fd: number, size: number): Meta {
  const first = readMeta(fd, 0, size)
  const second = readMeta(fd, first.pageSize, size)
  return first.transaction >= second.transaction ? first : second
}

function readMeta(fd: number, at: number, size: number): Meta {
  const page = Buffer.alloc(META_END)
  if (at + META_END > size || readSync(fd, page, 0, META_END, at) < META_END) throw new Damage('is cut off')
  if (!(page.readUInt16LE(18) & FLAG.meta) || page.readUInt32LE(HEADER) !== MAGIC) {
    throw new Damage('is no database')
  }
  if (page.readUInt32LE(HEADER + 4) !== DATA_VERSION) throw new Damage('is of another version of lmdb')
  const pageSize = page.readUInt32LE(HEADER + 24)
  if (pageSize < 256 || pageSize > 0x10000 || (pageSize & (pageSize - 1)) !== 0) {
    throw new Damage('has a first page that makes no sense')
  }
  const lastPage = Number(page.readBigUInt64LE(144))
  return {
    pageSize,
    lastPage,
    freeRoot: page.readBigUInt64LE(HEADER + 24 + 40),
    mainRoot: page.readBigUInt64LE(HEADER + 24 + TREE_BYTES + 40),
    transaction: page.readBigUInt64LE(152)
  }
}

function checkTree(pages: Pages, root: bigint, of: 'free list' | 'databases' | 'entries', depth = 0): void {
  if (root === NO_PAGE) return
  const number = claim(pages, root, 1)
  if (depth >= DEEPEST) throw new Damage('is tangled')
  pages.buffers[depth] ??= Buffer.alloc(pages.pageSize)
  const page = pages.buffers[depth]
  if (page === undefined) return
  readSync(pages.fd, page, 0, pages.pageSize, number * pages.pageSize)
  const flags = page.readUInt16LE(18)
  const lower = page.readUInt16LE(20)
  const upper = page.readUInt16LE(22)
  const isBranch = (flags & FLAG.branch) !== 0
  if (
    page.readBigUInt64LE(0) !== root ||
    isBranch === ((flags & FLAG.leaf) !== 0) ||
    (flags & (FLAG.overflow | FLAG.meta)) !== 0 ||
    lower > upper ||
    HEADER + upper > pages.pageSize
  ) {
    throw new Damage(`holds garbage in page ${number}`)
  }
  for (let place = HEADER; place < HEADER + lower; place += 2) {
    const node = HEADER + page.readUInt16LE(place)
    const data = node + NODE_HEADER + (node + NODE_HEADER <= pages.pageSize ? page.readUInt16LE(node + 6) : 0)
    if (node < HEADER + upper || data > pages.pageSize) throw new Damage(`holds garbage in page ${number}`)
    if (isBranch) checkTree(pages, BigInt(page.readUIntLE(node, 6)), of, depth + 1)
    else checkLeaf(pages, page, number, node, data, of, depth)
  }
}

function checkLeaf(
  pages: Pages,
  page: Buffer,
  number: number,
  node: number,
  data: number,
  of: 'free list' | 'databases' | 'entries',
  depth: number
): void {
  const size = page.readUInt32LE(node)
  const flags = page.readUInt16LE(node + 4)
  const apart = flags === NODE.onPagesOfItsOwn
  const end = data + (apart ? 24 : size)
  if (end > pages.pageSize || (!apart && flags !== 0 && !(flags === NODE.tree && of === 'databases'))) {
    throw new Damage(`holds garbage in page ${number}`)
  }
  if (flags === NODE.tree) {
    if (size !== TREE_BYTES) throw new Damage(`holds garbage in page ${number}`)
    checkTree(pages, page.readBigUInt64LE(data + 40), 'entries', depth + 1)
    return
  }
  if (apart) {
    const run = Math.floor((HEADER - 1 + size) / pages.pageSize) + 1
    const first = claim(pages, page.readBigUInt64LE(data), run)
    const header = Buffer.alloc(HEADER + 8)
    readSync(pages.fd, header, 0, header.length, first * pages.pageSize)
    if (!(header.readUInt16LE(18) & FLAG.overflow) || header.readUInt32LE(20) !== run) {
      throw new Damage(`holds garbage in page ${first}`)
    }
    if (of === 'free list') checkFreePages(header.readBigUInt64LE(HEADER), size, first)
  } else if (of === 'free list') {
    if (size < 8) throw new Damage(`holds garbage in page ${number}`)
    checkFreePages(page.readBigUInt64LE(data), size, number)
  }
}

/** A record of the free list says first how many numbers follow; lmdb copies that many. */
function checkFreePages(count: bigint, size: number, number: number): void {
  if ((count + 1n) * 8n > BigInt(size)) throw new Damage(`holds garbage in page ${number}`)
}

/** The page's number, once it is certain that it and the pages after it are in the file and belong to no other use. */
function claim({ size, pageSize, lastPage, seen }: Pages, page: bigint, run: number): number {
  // The file may end before its last page: when that one is free (`mm_last_pg`).
  if (page < 2n || page > BigInt(lastPage)) throw new Damage('is tangled')
  const first = Number(page)
  if ((first + run) * pageSize > size) throw new Damage('is cut off')
  for (let at = first; at < first + run; at++) {
    if (seen[at] === 1) throw new Damage('is tangled')
    seen[at] = 1
  }
  return first
}
