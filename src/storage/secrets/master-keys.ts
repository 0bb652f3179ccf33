/**
 * The master keys that a process knows: one, and during a rotation two. The key check, a sealed secret that is kept beside
 * the data, says which of them the data is sealed under, and which one a rotation seals it under anew.
 */
import { randomBytes } from 'node:crypto'
import { SetupError } from '../../errors.ts'
import { StoreUnavailable } from '../store.ts'
import { doesNotFit, masterKeyId, type Sealer, sealer, sealingKeyId, type Unsealer } from './seal.ts'

/** The same secret once or twice. */
export interface KeyCheck {
  /** Sealed under the key that everything was sealed under when the last rotation ended. */
  readonly current: string
  /** Sealed under the key of the rotation that is under way; null: there is none. */
  readonly next: string | null
}

/** Where the key check is kept. Each write is atomic, and durable once its promise resolves. */
export interface KeyCheckStore {
  read(): Promise<KeyCheck | null>
  /** Resolves to what is kept: this one, unless there was one already. */
  create(current: string): Promise<KeyCheck>
  /** Resolves to what is kept: `next` is added only to this `current`, and to none that has one. */
  begin(current: string, next: string): Promise<KeyCheck>
  /** `next` becomes `current`, where it still is the one that is kept. */
  finish(next: string): Promise<void>
}

const PURPOSE = 'installation'
const SECRET_BYTES = 32

export class MasterKeys implements Unsealer {
  readonly #checks: KeyCheckStore
  readonly #sealers: Map<string, Sealer>
  /** As it was last read. */
  #check: KeyCheck
  /** 32 bytes that are this installation's alone and stay when the master key is rotated: for proofs towards others. */
  readonly installationSecret: Buffer

  /**
   * Throws a SetupError when these keys are not those of the data. `keys` begins with the one that new data is sealed under.
   */
  static async open(keys: readonly Buffer[], checks: KeyCheckStore): Promise<MasterKeys> {
    const sealers = new Map(keys.map((key) => [masterKeyId(key), sealer(key)]))
    const [first] = sealers.values()
    if (first === undefined) throw new RangeError('no master key was given')
    const check =
      (await checks.read()) ??
      (await checks.create(first.seal(randomBytes(SECRET_BYTES).toString('base64'), PURPOSE)))
    return new MasterKeys(sealers, checks, check)
  }

  private constructor(sealers: Map<string, Sealer>, checks: KeyCheckStore, check: KeyCheck) {
    this.#sealers = sealers
    this.#checks = checks
    this.#check = check
    this.installationSecret = secretIn(check, sealers)
  }

  /** The ids of the keys that this process knows. */
  get ids(): string[] {
    return [...this.#sealers.keys()]
  }

  open(sealed: string, purpose: string): string {
    const known = this.#sealers.get(sealingKeyId(sealed) ?? '')
    if (known === undefined) throw doesNotFit()
    return known.open(sealed, purpose)
  }

  /**
   * What seals a write. Ask under the tenant's lock, and write under the same: a rotation first says that it has begun, and then
   * takes the lock of each tenant, so that it finds whatever was still sealed under the old key.
   */
  async sealer(): Promise<Sealer> {
    const { current, next } = await this.#readCheck()
    const known = this.#sealers.get(sealingKeyId(next ?? current) ?? '')
    if (known === undefined) {
      throw new StoreUnavailable(
        'The master key was rotated, and this process does not know the new one: restart it with both keys.'
      )
    }
    return { seal: known.seal, open: (sealed, purpose) => this.open(sealed, purpose) }
  }

  /** Whether a rotation is under way. */
  async isRotating(): Promise<boolean> {
    return (await this.#readCheck()).next !== null
  }

  /** From now on every process seals under this key. Throws a SetupError when a rotation to another one is under way. */
  async beginRotation(key: Buffer): Promise<void> {
    const id = masterKeyId(key)
    if (!this.#sealers.has(id)) this.#sealers.set(id, sealer(key))
    const before = await this.#readCheck()
    if (before.next === null && sealingKeyId(before.current) === id) return
    const next = this.#sealers.get(id)!.seal(this.installationSecret.toString('base64'), PURPOSE)
    const check = before.next === null ? await this.#checks.begin(before.current, next) : before
    this.#check = check
    if (sealingKeyId(check.next ?? check.current) !== id) {
      throw new SetupError(
        'A rotation to another master key is under way: finish it first, with that key as HANVISA_MASTER_KEY_NEXT.'
      )
    }
  }

  /** Nothing is sealed under the old key any more. */
  async finishRotation(): Promise<void> {
    const { next } = await this.#readCheck()
    if (next === null) return
    await this.#checks.finish(next)
    await this.#readCheck()
  }

  /** The id of the key that the data is sealed under, a rotation that is under way left aside. */
  async currentId(): Promise<string | null> {
    return sealingKeyId((await this.#readCheck()).current)
  }

  /** An emptied Redis has none: it gets the one of before, so that all processes keep the same secret. */
  async #readCheck(): Promise<KeyCheck> {
    const { next, current } = this.#check
    this.#check = (await this.#checks.read()) ?? (await this.#checks.create(next ?? current))
    return this.#check
  }
}

function secretIn({ current, next }: KeyCheck, sealers: ReadonlyMap<string, Sealer>): Buffer {
  const under = (sealed: string) => sealers.get(sealingKeyId(sealed) ?? '')
  const currentSealer = under(current)
  if (next !== null && (currentSealer === undefined || under(next) === undefined)) {
    if (currentSealer === undefined && under(next) === undefined) throw doesNotFit()
    throw new SetupError(
      'A rotation of the master key is under way: start with the old key in HANVISA_MASTER_KEY and the new one in ' +
        'HANVISA_MASTER_KEY_NEXT, and finish it with "hanvisa rotate-key".'
    )
  }
  if (currentSealer === undefined) throw doesNotFit()
  return Buffer.from(currentSealer.open(current, PURPOSE), 'base64')
}
