/** Writes Statuses as JSON. What many users have in common is written once, and kept for the next ones. */
import type { Instant } from '../domain/calendar-event.ts'
import { type StatusFields, sameFields } from '../domain/status.ts'
import type { SyncState, SyncStateName } from '../domain/sync-state.ts'
import {
  type RunParts,
  runMembers,
  syncMembers,
  type UserParts,
  userMembers,
  writeMembers
} from './status-members.ts'

/** Parts that are kept; when there are more all are forgotten, which is harmless. */
const MAX_KEPT = 5_000

interface KeptRun {
  readonly fields: StatusFields
  readonly timeZone: string
  readonly json: string
}

/** The names of `userMembers` as JSON, with room after each for the value. */
const userNames = Object.keys(userMembers) as (keyof typeof userMembers)[]
const userPieces = userNames.flatMap((name, index) => [
  `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`,
  ''
])
const userValues = userNames.map((name) => userMembers[name].value)

/** For one catalogue in one language. */
export class StatusWriter {
  readonly #common: Pick<RunParts, 'language' | 'findDiversion'>
  /** By a hash of the fields. */
  readonly #runs = new Map<number, KeptRun>()
  readonly #syncs = new Map<SyncStateName, Map<Instant, string>>()

  constructor(common: Pick<RunParts, 'language' | 'findDiversion'>) {
    this.#common = common
  }

  write(user: UserParts['user'], timeZone: string, fields: StatusFields, sync: SyncState): string {
    const parts = { user }
    for (let index = 0; index < userValues.length; index++) {
      userPieces[2 * index + 1] = JSON.stringify(userValues[index]!(parts))
    }
    // Three texts that are added up: who keeps this shares the last two with others.
    return userPieces.join('') + this.#run(fields, timeZone) + this.#sync(sync)
  }

  #run(fields: StatusFields, timeZone: string): string {
    const hash = hashOf(fields)
    const kept = this.#runs.get(hash)
    if (kept !== undefined && kept.timeZone === timeZone && sameFields(kept.fields, fields)) return kept.json
    const json = `,${writeMembers(runMembers, { ...this.#common, fields, timeZone })}`
    if (this.#runs.size >= MAX_KEPT) this.#runs.clear()
    this.#runs.set(hash, { fields, timeZone, json })
    return json
  }

  #sync(sync: SyncState): string {
    const ofState = this.#syncs.get(sync.state) ?? new Map<Instant, string>()
    const kept = ofState.get(sync.since)
    if (kept !== undefined) return kept
    const json = `,${writeMembers(syncMembers, { sync })}}`
    if (ofState.size >= MAX_KEPT) ofState.clear()
    this.#syncs.set(sync.state, ofState.set(sync.since, json))
    return json
  }
}

/** Of the instants, in seconds: they tell runs apart nearly always, and a text would take longer. */
function hashOf({ diversion, since, until, reachableAt, next }: StatusFields): number {
  let hash = diversion.length
  hash = mix(hash, since)
  hash = mix(hash, until)
  hash = mix(hash, reachableAt)
  return next === null ? hash : mix(mix(mix(hash, next.from), next.until), next.diversion.length)
}

function mix(hash: number, instant: Instant | null): number {
  return (Math.imul(hash, 31) + (instant === null ? 1 : instant / 1000)) | 0
}
