/** The kinds of consumers: a further one is one entry here. */
import { asteriskKind } from './asterisk/kind.ts'
import type { ConsumerKind } from './consumer.ts'
import { httpKind } from './http/kind.ts'
import { sipKind } from './sip/kind.ts'
import { webhookKind } from './webhook/kind.ts'

// Each kind checks its own settings; here they are of any form.
// biome-ignore lint/suspicious/noExplicitAny: the settings of a kind are its own
export type AnyConsumerKind = ConsumerKind<any>

export const consumerKinds: readonly AnyConsumerKind[] = [webhookKind, sipKind, asteriskKind, httpKind]

/** Null for one that this version does not have. */
export function findConsumerKind(kind: string): AnyConsumerKind | null {
  return consumerKinds.find((one) => one.kind === kind) ?? null
}
