/** Why something holds for a user: finds the triggers in which a cause's index counts. */
import { type Explanation, explain, explainMasked } from '../domain/explain.ts'
import { allTriggers, type RuleSet, type Trigger } from '../domain/rule-set.ts'
import type { Cause } from '../domain/timeline.ts'
import { type Store, StoreUnavailable } from '../storage/store.ts'
import { type Audience, isMaskedFor } from './audience.ts'
import type { TenantContext, UserState } from './user-state.ts'

export interface ExplainStatusDeps {
  readonly store: Pick<Store, 'rules' | 'record' | 'reachable'>
  /** What version 0 is. */
  readonly defaultRules: RuleSet
}

/** Explains causes in one user's timeline as the audience sees it, in the tenant's language. Throws StoreUnavailable: triggers are not in memory. */
export async function createExplainer(
  { store, defaultRules }: ExplainStatusDeps,
  tenant: string,
  user: UserState,
  context: TenantContext,
  audience: Audience
): Promise<(cause: Cause | null) => Explanation> {
  if (!store.reachable()) throw new StoreUnavailable('Nothing can be explained without the store.')
  const version = user.rulesVersion
  const rules = version === 0 ? defaultRules : (await store.rules(tenant, version))?.effective
  const record = await store.record(tenant, user.id)
  // A timeline that was read before the user's triggers changed counts in the older ones.
  const ownAreThose = record !== null && record.user.triggersSince <= (user.sync.confirmedAt ?? 0)
  const triggersOf: Readonly<Record<Cause['from'], readonly Trigger[] | null>> = {
    user: ownAreThose ? record.user.triggers : null,
    tenant: rules === undefined ? null : allTriggers(rules),
    availability: null,
    automaticReply: null,
    hours: null,
    holiday: null,
    absence: null,
    override: null
  }
  const { mask, language } = context
  const isMasked = !mask.isEmpty && isMaskedFor(audience, user.id)
  return (cause) =>
    cause !== null && isMasked && cause.diversion === mask.code
      ? explainMasked(cause, language)
      : explain(
          cause,
          cause && triggersOf[cause.from],
          language,
          cause && (user.floor?.holidayName(cause) ?? null)
        )
}
