/** What a kind of record keeps, said member by member beside its bytes: docs/privacy.md's table is written from this. */

/** `Opaque`: types whose members are described as one. It compiles only while every member is described. */
export interface KeptRecord<T, Opaque = never> {
  /** As errors and the table call it. */
  readonly name: string
  /** Of whom it tells; none: of nobody. */
  readonly about: readonly ('users' | 'operators' | 'callers')[]
  /** How long it is kept: until … */
  readonly until: string
  readonly members: MembersOf<T, Opaque>
}

type Plain = string | number | boolean | null | undefined

/** An array stands for what is in it. */
type ItemOf<V> = V extends readonly (infer Item)[] ? Item : V

type KeysOf<V> = V extends unknown ? keyof V : never

type Described<V, Opaque> = [V] extends [Plain | Opaque]
  ? string
  : string extends KeysOf<Exclude<V, Plain>>
    ? string
    : { readonly [Member in KeysOf<Exclude<V, Plain>>]: string }

type MembersOf<T, Opaque> = T extends string
  ? { readonly text: string }
  : {
      readonly [Member in KeysOf<T>]: Described<
        ItemOf<T extends unknown ? T[Member & keyof T] : never>,
        Opaque
      >
    }

/** A record of any kind, or what is kept and is no record. */
export interface AnyKeptRecord extends Pick<KeptRecord<unknown>, 'name' | 'about' | 'until'> {
  readonly members: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** Its members and theirs (`mailbox.address`), each with what it is for. */
export function describeMembers({ members }: AnyKeptRecord): readonly (readonly [string, string])[] {
  return Object.entries(members).flatMap(([name, said]): (readonly [string, string])[] =>
    typeof said === 'string'
      ? [[name, said]]
      : Object.entries(said).map(([inner, text]) => [`${name}.${inner}`, text] as const)
  )
}
