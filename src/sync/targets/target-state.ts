/** What sync remembers of one target between two reads. Nothing but these methods writes it. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { SyncRecord } from '../../domain/sync-state.ts'
import type { SyncCode } from '../../errors.ts'
import type { ReleaseMode } from '../notifications/target-subscriptions.ts'
import type { ReadBeyondWindow } from './read-beyond-window.ts'

/** The last success: what rests on it counts only as long as the calendar is read from the same input. */
export interface LastSync {
  /** Everything beside the calendar itself on which the timelines rest. */
  readonly inputHash: string
  /** The same without the window, whose end is `windowEnd`. */
  readonly configHash: string
  readonly windowEnd: Instant
  /** What the server called the version. */
  readonly etag: string | null
  /** The fingerprint taken before it was read. */
  readonly fingerprint: string | null
  /** What could not be seen. */
  readonly fault: SyncRecord['fault']
}

/** Milliseconds until fingerprints are tried again of a calendar that could be read, but gave none. */
const noFingerprintMs = 24 * 3_600_000

/** Milliseconds between two answers that there is no such mailbox, before it is looked for elsewhere. */
export const confirmAbsenceMs = 60_000

export class TargetState {
  readonly users = new Set<string>()
  /** Since when it is to be read. */
  readonly enabledSince: Instant
  /** Ends its subscription. */
  release: (mode: ReleaseMode) => void = () => {}

  #confirmedAt: Instant | null
  #readStartedAt = Number.NEGATIVE_INFINITY
  #isReading = false
  #comparedAt = Number.NEGATIVE_INFINITY
  #noFingerprintUntil = Number.NEGATIVE_INFINITY
  #dirtySeq = 0
  #syncedSeq = 0
  #notifiedAt: Instant | null = null
  #reconcilePending = false
  #failures = 0
  #failureCode: SyncCode | null = null
  /** Since when the calendar system says that there is no such mailbox, on the monotonic clock; null: it does not. */
  #absentSince: number | null = null
  #lastSync: LastSync | null = null
  #extension: ReadBeyondWindow | null = null

  constructor({ enabledSince, confirmedAt }: Pick<SyncRecord, 'enabledSince' | 'confirmedAt'>) {
    this.enabledSince = enabledSince
    this.#confirmedAt = confirmedAt
  }

  /** Its last success: everything up to then is in the timelines. */
  get confirmedAt(): Instant | null {
    return this.#confirmedAt
  }

  /** When its last read began, on the monotonic clock. */
  get readStartedAt(): number {
    return this.#readStartedAt
  }

  get isReading(): boolean {
    return this.#isReading
  }

  /** When its fingerprint was last compared, on the monotonic clock. */
  get comparedAt(): number {
    return this.#comparedAt
  }

  /** Counts what only a read can answer. */
  get dirtySeq(): number {
    return this.#dirtySeq
  }

  /** Whether something has happened to it that no read has seen yet. */
  get isDirty(): boolean {
    return this.#dirtySeq !== this.#syncedSeq
  }

  /** When the first notification came that no read has seen yet; null: none. */
  get notifiedAt(): Instant | null {
    return this.#notifiedAt
  }

  /** It is queued for a reconciliation: comparing its fingerprint will do, unless it is dirty. */
  get reconcilePending(): boolean {
    return this.#reconcilePending
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures
  }

  /** Why the last of them was; null where there is none. */
  get failureCode(): SyncCode | null {
    return this.#failureCode
  }

  get lastSync(): LastSync | null {
    return this.#lastSync
  }

  /** What was read beyond the window. */
  get readBeyondWindow(): ReadBeyondWindow | null {
    return this.#extension
  }

  /** Whether there was no fingerprint when it was last asked for. */
  lacksFingerprint(now: number): boolean {
    return this.#noFingerprintUntil > now
  }

  markDirty(): void {
    this.#dirtySeq += 1
  }

  /** The calendar was edited, or may have been. */
  onNotified(at: Instant): void {
    this.markDirty()
    this.#notifiedAt ??= at
  }

  requestReconcile(): void {
    this.#reconcilePending = true
  }

  onReadStart(now: number): void {
    this.#readStartedAt = now
    this.#isReading = true
  }

  onReadEnd(): void {
    this.#isReading = false
  }

  onCompared(now: number): void {
    this.#comparedAt = now
  }

  /** The mailbox itself failed. */
  onFailure(code: SyncCode): void {
    this.#failures += 1
    this.#failureCode = code
  }

  /** The calendar system says that it has no such mailbox. Whether it said so a minute ago, or more, and since. */
  onAbsent(now: number): boolean {
    this.#absentSince ??= now
    return now - this.#absentSince >= confirmAbsenceMs
  }

  get absentSince(): number | null {
    return this.#absentSince
  }

  onSuccess(): void {
    this.#absentSince = null
    this.#failures = 0
    this.#failureCode = null
  }

  /** A read that began at `dirtySeq` was saved for every user (or `null`: not for all, so the next one reads it whole). */
  onSaved(lastSync: LastSync | null, at: Instant): void {
    this.#lastSync = lastSync
    if (lastSync !== null) this.#confirmedAt = at
    this.#reconcilePending = false
  }

  /** Everything up to `dirtySeq` was seen. */
  onSynced(dirtySeq: number): void {
    this.#syncedSeq = dirtySeq
    if (!this.isDirty) this.#notifiedAt = null
  }

  onNoFingerprint(now: number): void {
    this.#noFingerprintUntil = now + noFingerprintMs
  }

  keepReadBeyondWindow(readBeyondWindow: ReadBeyondWindow | null): void {
    this.#extension = readBeyondWindow
  }

  /** The store no longer holds what was saved. */
  forgetLastSync(): void {
    this.#lastSync = null
    this.#extension = null
  }
}
