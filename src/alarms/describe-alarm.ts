/** One alarm in words: whose it is, what is wrong, what that means for callers, and what to do. Pure. */
import type { Instant } from '../domain/calendar-event.ts'
import { type CauseName, causeOf, splitCause } from './causes.ts'
import type { TellableAlarm } from './plan-delivery.ts'
import type { AlarmTexts, CauseTexts, TextFacts } from './texts/alarm-texts.ts'
import { formatDay, formatMoment } from './texts/format-moment.ts'

const DAY_MS = 86_400_000

export interface ComposeContext {
  /** Null: the provider. */
  readonly tenant: string | null
  /** The tenant's name; of the provider, those of all tenants in the news, by id. */
  readonly nameOf: (tenant: string) => string
  readonly zone: string
  readonly language: string
  /** HANVISA_PUBLIC_URL, without a slash at its end. */
  readonly publicUrl: string | null
  /** Ids of some users that are affected now. */
  readonly users: readonly string[]
  readonly now: Instant
}

/** Of what `cause` speaks: `stale`, `unreachable@acme` or `flood:unreachable`. */
export function aboutAlarm(
  cause: string,
  alarm: TellableAlarm | null,
  texts: AlarmTexts,
  context: ComposeContext
) {
  const { base, tenant, isFlood } = splitCause(cause)
  const id = tenant ?? context.tenant
  const name = id === null ? null : context.nameOf(id)
  const of: CauseTexts = texts.causes[base]
  const facts = {
    tenant: name ?? texts.provider,
    what: '',
    since: momentOf(alarm?.beganAt ?? context.now, texts, context),
    users: alarm?.users ?? 0,
    of: alarm?.of ?? 0,
    days: alarm?.endsAt == null ? 0 : Math.max(0, Math.floor((alarm.endsAt - context.now) / DAY_MS)),
    ends: alarm?.endsAt == null ? '' : formatDay(alarm.endsAt, context.zone, texts.locale)
  }
  const isAboutCalendars = !isFlood || base === 'stale' || causeOf(base).group !== undefined
  const said = isFlood ? texts.flood : of
  const filled = isFlood ? { ...facts, what: of.title(facts) } : facts
  return {
    id,
    tenant: isFlood ? null : facts.tenant,
    title: alarm === null ? resolvedTitle(base, isFlood, filled, texts) : said.title(filled),
    meaning: isAboutCalendars ? said.meaning(filled) : of.meaning(filled),
    hint: said.hint
  }
}

function resolvedTitle(base: CauseName, isFlood: boolean, facts: TextFacts, texts: AlarmTexts): string {
  const { resolved, causes } = texts
  if (isFlood) return resolved.flood(facts.what)
  return base === 'stale' || base === 'secret_expires' || base === 'application_expires'
    ? resolved[base]
    : causes[base].title(facts)
}

export function momentOf(at: Instant, texts: AlarmTexts, { zone, now }: ComposeContext): string {
  return formatMoment(at, { zone, now, texts })
}
