/** What the suites of the store need: a store of the adapter under test, which they may cut off, kill or open again. */
import type { Test } from 'tap'
import type { Store } from '../../src/storage/store.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Closes the store and opens what it stored. */
  reopen(): Promise<Store>
  /** Where several processes may share what is stored: one more store on it, closed with the others. */
  second?(): Promise<Store>
  /** Every byte that is stored outside the process. */
  storedBytes(): Promise<Buffer>
}

/** An empty store, closed and gone when the test ends. `logLength`: how many log entries of a tenant it keeps; `historyMs`: for how long. */
export type OpenStore = (
  t: Test,
  options?: { readonly logLength?: number; readonly historyMs?: number }
) => Promise<StoreUnderTest>
