/** `POST /$batch`: up to 20 calls in one, four at a time, each judged by itself (Graph's json-batching). */
import {
  type Corruption,
  type ProtocolRequest,
  type ProtocolResponse,
  parseProtocolRequest
} from '../protocol-message.ts'
import { errorResponse, type Ids } from './errors.ts'

const mostItems = 20
const atATime = 4
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

interface Item {
  readonly id: string
  readonly call: ProtocolRequest
  readonly dependsOn: readonly string[]
}

type Done = { readonly id: string } & Omit<ProtocolResponse, 'corruption'>

export async function runGraphBatch(
  outer: ProtocolRequest,
  ids: Ids,
  perform: (call: ProtocolRequest) => Promise<ProtocolResponse>
): Promise<{ answer: ProtocolResponse; items: number | null }> {
  if (outer.method !== 'POST') {
    return { answer: errorResponse(ids, 405, 'Request_BadRequest', 'A batch is sent by POST.'), items: null }
  }
  const items = readItems(outer)
  if (typeof items === 'string') return { answer: errorResponse(ids, 400, 'BadRequest', items), items: null }
  if (items.length > mostItems) {
    const message = `Number of batch request steps exceeds the maximum value of ${mostItems}.`
    return { answer: errorResponse(ids, 400, 'MaximumValueExceeded', message), items: items.length }
  }
  const done: Done[] = []
  let corruption: Corruption | undefined
  const run = async (item: Item) => {
    const failed = item.dependsOn.some((id) => (done.find((each) => each.id === id)?.status ?? 500) >= 400)
    const { corruption: itemCorruption, ...answer } = failed
      ? errorResponse(ids, 424, 'FailedDependency', 'A request that this one depends on failed.')
      : await perform(item.call)
    // A connection carries the whole batch: what breaks it at one item breaks all.
    corruption ??= itemCorruption
    done.push({ id: item.id, ...answer })
  }
  const inOrder = items.some((item) => item.dependsOn.length > 0)
  await inTurn(items, inOrder ? 1 : atATime, run)
  // Graph promises no order, so nobody may come to rely on one: last done, first answered.
  const responses = done.reverse().map(({ id, status, headers, body }) => {
    const bare = { id, status, headers }
    return Buffer.isBuffer(body) && body.length === 0 ? bare : { ...bare, body }
  })
  return {
    answer: {
      status: 200,
      headers: { 'Cache-Control': 'no-cache', 'Content-Type': 'application/json' },
      body: { responses },
      ...(corruption === undefined ? {} : { corruption })
    },
    items: items.length
  }
}

async function inTurn<T>(all: readonly T[], lanes: number, run: (each: T) => Promise<void>): Promise<void> {
  const left = all.values()
  const lane = async () => {
    for (const each of left) await run(each)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** The items, or a sentence on what is wrong with the batch. */
function readItems(outer: ProtocolRequest): Item[] | string {
  const requests = readRequests(outer.body)
  if (requests === null) return 'The body must be an object with a list of requests.'
  const items: Item[] = []
  const seen = new Set<string>()
  for (const request of requests) {
    const { id, method, url, headers, body, dependsOn } = request
    if (typeof id !== 'string' || id === '') return 'Every request must have an id.'
    if (seen.has(id)) return `Request ids must be unique: '${id}' is there twice.`
    seen.add(id)
    if (typeof method !== 'string' || !methods.has(method)) return `Request '${id}' has no known method.`
    if (typeof url !== 'string' || /^https?:/i.test(url)) return `Request '${id}' must have a relative url.`
    const lowered = lowerNames(headers)
    if (lowered === null) return `The headers of request '${id}' must be texts.`
    if (body !== undefined && lowered['content-type'] === undefined) {
      return `Request '${id}' has a body and no Content-Type header.`
    }
    const after = dependsOn ?? []
    if (!Array.isArray(after) || !after.every((each) => typeof each === 'string' && seen.has(each))) {
      return `Request '${id}' must depend on earlier ones.`
    }
    const text = body === undefined ? '' : JSON.stringify(body)
    const call = parseProtocolRequest(method, url, lowered, text, outer.signal)
    if (!call) return `The url of request '${id}' is malformed.`
    items.push({ id, call, dependsOn: after })
  }
  return items
}

function readRequests(text: string): Record<string, unknown>[] | null {
  try {
    const { requests } = JSON.parse(text)
    const objects = (each: unknown): each is Record<string, unknown> =>
      typeof each === 'object' && each !== null
    return Array.isArray(requests) && requests.length > 0 && requests.every(objects) ? requests : null
  } catch {
    return null
  }
}

function lowerNames(headers: unknown): Record<string, string> | null {
  const entries = Object.entries(headers ?? {})
  if (!entries.every(([, value]) => typeof value === 'string')) return null
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
