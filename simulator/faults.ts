/** Faults on request: which requests they apply to, how often, and what they do to them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Corruption } from './protocol-message.ts'
import { seededRandom } from './seeded-random.ts'

export const graphRoutes = [
  'batch',
  'calendarView',
  'getSchedule',
  'user',
  'createSubscription',
  'listSubscriptions',
  'getSubscription',
  'renewSubscription',
  'reauthorizeSubscription',
  'deleteSubscription'
] as const
export const ewsRoutes = [
  'getUserAvailability',
  'findItem',
  'getFolder',
  'getItem',
  'createItem',
  'updateItem',
  'deleteItem',
  'syncFolderItems',
  'resolveNames',
  'subscribe',
  'unsubscribe',
  'getEvents',
  'getStreamingEvents',
  'ews'
] as const
/** A fault applies to these only where it names them. */
export const entryRoutes = ['discovery', 'token', 'signIn', 'autodiscover'] as const
export const routes = [...entryRoutes, ...graphRoutes, ...ewsRoutes] as const
export type Route = (typeof routes)[number]

/** What is done to a right answer of EWS. */
export const xmlGarbage = ['reprefixed', 'concatenated', 'entities', 'deep', 'wrongCharset'] as const

export type FaultSpec =
  /** An error in the route's own shape. Code and message are the usual ones of the status unless given. */
  | {
      readonly kind: 'status'
      readonly status: number
      /** Graph's code; of a token request the number behind `AADSTS`. */
      readonly code?: string
      readonly message?: string
      /** Goes out as written: `"2.128"`, `"10"`, a date, nonsense. */
      readonly retryAfter?: string
    }
  /** The answer comes that much later. With no count and no mailbox this is the latency of everything. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** No answer until the fault is removed or the client goes. */
  | { readonly kind: 'hang' }
  /** The connection ends in the middle of the body. */
  | { readonly kind: 'cutOff' }
  /** The connection ends without an answer. */
  | { readonly kind: 'reset' }
  /** EWS alone: a SOAP fault with 500; `inMessages` the same in each message of an answer with 200. */
  | {
      readonly kind: 'ews'
      readonly code: string
      readonly message?: string
      readonly backOffMilliseconds?: number
      readonly inMessages?: boolean
    }
  /** 200 with a body that is not what it should be. */
  | {
      readonly kind: 'garbage'
      readonly garbage:
        | 'html'
        | 'truncatedJson'
        | 'wrongTypes'
        | 'empty'
        | 'huge'
        | (typeof xmlGarbage)[number]
      /** Of `huge`; 64 MB unless given. */
      readonly bytes?: number
    }

/** Members that are not given match everything; `route` not given matches all but the ways in. */
export type FaultInput = FaultSpec & {
  readonly tenant?: string
  readonly clientId?: string
  /** Any of its names. A batch as a whole has no mailbox. */
  readonly mailbox?: string
  readonly route?: Route
  /** How many requests it applies to; without it all, until it is removed. */
  readonly count?: number
  /** From 0 to 1: which part of the requests it applies to, drawn by the seed (1 unless given); all unless given. */
  readonly probability?: number
  readonly seed?: number
  /** Milliseconds after which it removes itself. */
  readonly durationMs?: number
}
/** `hits` counts the requests that the fault was applied to. */
export type Fault = FaultInput & {
  readonly id: string
  readonly left: number | null
  readonly hits: number
}

export interface FaultTarget {
  readonly tenant: readonly string[]
  readonly clientId: string | null
  readonly mailbox: readonly string[]
  readonly route: Route
  /** One mailbox out of a call for many: only a fault that names a mailbox applies. */
  readonly part?: boolean
}

/** What a fault does to one request: the waiting is over when `apply` resolves. */
export type FaultEffect =
  | Extract<FaultSpec, { kind: 'status' }>
  | { kind: 'wrongTypes' }
  | { kind: 'corruption'; corruption: Corruption }
  | Extract<FaultSpec, { kind: 'ews' }>
  | { kind: 'xml'; xml: (typeof xmlGarbage)[number] }

interface ActiveFault {
  readonly id: string
  readonly input: FaultInput
  left: number
  /** Requests that matched, and those that it was applied to. */
  seen: number
  hits: number
  readonly removed: AbortController
  readonly end: NodeJS.Timeout | undefined
}

export class Faults {
  #next = 1
  readonly #active = new Map<string, ActiveFault>()
  /** Used up, with requests hanging on them: removing such a fault must still let go of these. */
  readonly #usedUp = new Map<string, ActiveFault>()

  /** Returns its id. */
  add(input: FaultInput): string {
    const id = String(this.#next)
    this.#next += 1
    this.#active.set(id, {
      id,
      input,
      left: input.count ?? Number.POSITIVE_INFINITY,
      seen: 0,
      hits: 0,
      removed: new AbortController(),
      end: input.durationMs === undefined ? undefined : setTimeout(() => this.remove(id), input.durationMs)
    })
    return id
  }

  get any(): boolean {
    return this.#active.size > 0
  }

  list(): Fault[] {
    return [...this.#active.values()].map(({ id, input, left, hits }) => ({
      ...input,
      id,
      hits,
      left: Number.isFinite(left) ? left : null
    }))
  }

  remove(id: string): boolean {
    const fault = this.#active.get(id) ?? this.#usedUp.get(id)
    this.#active.delete(id)
    this.#usedUp.delete(id)
    clearTimeout(fault?.end)
    fault?.removed.abort()
    return fault !== undefined
  }

  clear(): void {
    for (const id of [...this.#active.keys(), ...this.#usedUp.keys()]) this.remove(id)
  }

  /**
   * Waits out every delay that applies to the request, then says what else applies: the first other fault, if any.
   * Rejects when the client is gone.
   */
  async apply(who: FaultTarget, signal: AbortSignal): Promise<FaultEffect | null> {
    let found: FaultEffect | null = null
    for (const fault of [...this.#active.values()]) {
      const { input } = fault
      const waits = input.kind === 'slow' || input.kind === 'hang'
      if (!matches(input, who) || (found && !waits) || fault.left <= 0 || !isSampled(fault)) continue
      this.#countHit(fault)
      if (input.kind === 'slow') await sleep(input.milliseconds, undefined, { signal })
      else if (input.kind === 'hang') await whenRemoved(fault.removed.signal, signal)
      else found = effectOf(input)
    }
    return found
  }

  #countHit(fault: ActiveFault): void {
    fault.left -= 1
    fault.hits += 1
    if (fault.left > 0) return
    this.#active.delete(fault.id)
    clearTimeout(fault.end)
    if (fault.input.kind === 'hang') this.#usedUp.set(fault.id, fault)
  }
}

/** The same numbers of requests with the same seed. */
function isSampled(fault: ActiveFault): boolean {
  const { probability = 1, seed = 1 } = fault.input
  fault.seen += 1
  return probability >= 1 || seededRandom(seed, `${fault.seen} ${fault.input.kind}`) < probability
}

function matches(input: FaultInput, who: FaultTarget): boolean {
  if (input.route === undefined ? isEntryRoute(who.route) : input.route !== who.route) return false
  const ofEws = who.route === 'autodiscover' || ewsRoutes.some((route) => route === who.route)
  if (isEwsOnly(input) && !ofEws) return false
  if (who.part && input.mailbox === undefined) return false
  if (input.tenant !== undefined && !who.tenant.includes(input.tenant.toLowerCase())) return false
  if (input.clientId !== undefined && input.clientId.toLowerCase() !== who.clientId?.toLowerCase())
    return false
  return input.mailbox === undefined || who.mailbox.includes(input.mailbox.toLowerCase())
}

function isEntryRoute(route: Route): boolean {
  return entryRoutes.some((each) => each === route)
}

function isEwsOnly(input: FaultInput): boolean {
  return (
    input.kind === 'ews' || (input.kind === 'garbage' && xmlGarbage.some((each) => each === input.garbage))
  )
}

function effectOf(spec: Exclude<FaultSpec, { kind: 'slow' | 'hang' }>): FaultEffect {
  if (spec.kind === 'status' || spec.kind === 'ews') return spec
  if (spec.kind !== 'garbage') return { kind: 'corruption', corruption: spec.kind }
  if (spec.garbage === 'wrongTypes') return { kind: 'wrongTypes' }
  if (spec.garbage === 'huge') return { kind: 'corruption', corruption: { huge: spec.bytes ?? 64_000_000 } }
  const xml = xmlGarbage.find((each) => each === spec.garbage)
  if (xml !== undefined) return { kind: 'xml', xml }
  return { kind: 'corruption', corruption: spec.garbage as Corruption }
}

function whenRemoved(removed: AbortSignal, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (removed.aborted) return resolve()
    if (gone.aborted) return reject(gone.reason)
    removed.addEventListener('abort', () => resolve(), { once: true })
    gone.addEventListener('abort', () => reject(gone.reason), { once: true })
  })
}
