/** What every form of a consumer is given. */
import type { ConsumerValues } from '../consumer-values.ts'

export interface ConsumerFormProps {
  readonly values: ConsumerValues
  readonly set: <Name extends keyof ConsumerValues>(name: Name, value: ConsumerValues[Name]) => void
  /** What is wrong with a member, named as the API names it. */
  readonly errorOf: (field: string) => string | undefined
  /** The names of the secrets that are held. */
  readonly secrets: readonly string[]
}
