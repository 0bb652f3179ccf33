/** Messages from news: subject and text of an e-mail, one part of an SMS, and what webhooks are sent. Pure. */
import { floorToSecond } from '../domain/whole-seconds.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import { endingCauses, splitCause } from './causes.ts'
import { aboutAlarm, type ComposeContext, momentOf } from './describe-alarm.ts'
import { foldToGsm7 } from './gsm7.ts'
import type { News, TellableAlarm } from './plan-delivery.ts'
import type { AlarmTexts } from './texts/alarm-texts.ts'
import { textsIn } from './texts/languages.ts'

/** One event for programs. */
export interface AlarmEvent {
  readonly type:
    | 'alarm.raised'
    | 'alarm.reminder'
    | 'alarm.over'
    | 'alarm.digest'
    | 'alarm.test'
    | 'alarm.code'
  /** The same when it is sent again. */
  readonly id: string
  readonly data: Readonly<Record<string, string | number | null>>
}

export interface AlarmMessage {
  /** Of letters that a Message-ID may have; the same when it is sent again. */
  readonly id: string
  /** The first message of the same episode. */
  readonly inReplyTo: string | null
  readonly subject: string
  readonly text: string
  /** At most 160 characters of GSM-7: one part. */
  readonly short: string
  readonly events: readonly AlarmEvent[]
}

/** Users that are named. */
export const maxNamedUsers = 5
/** Alarms that one message spells out. */
const maxSpelledOut = 10

export function composeNews(news: readonly News[], context: ComposeContext): AlarmMessage {
  const texts = textsIn(context.language)
  const [first] = news
  const subject = `${subjectOf(first!, texts, context)}${moreOf(news, texts)}`
  const spelledOut = news.slice(0, maxSpelledOut).map((one) => paragraphOf(one, texts, context))
  const left = news.length - spelledOut.length
  const id = `alarm-${idPart(context.tenant)}-${first!.episode}`
  return {
    id: `${id}-${first!.messagesBefore + 1}`,
    inReplyTo: first!.messagesBefore === 0 ? null : `${id}-1`,
    subject: `Hanvisa: ${subject}`,
    text: mailText([...spelledOut, ...(left > 0 ? [`${texts.more(left)}.`] : [])], texts),
    short: foldToGsm7(`Hanvisa: ${[`${subject}.`, ...timesOf(first!, texts, context)].join(' ')}`),
    events: news.map((one) => toEvent(one, texts, context))
  }
}

export function composeDigest(
  alarms: readonly TellableAlarm[],
  { day, dropped }: { readonly day: string; readonly dropped: number },
  context: ComposeContext
): AlarmMessage {
  const texts = textsIn(context.language)
  const owner = ownerOf(texts, context)
  const raised = alarms.filter(({ raisedAt }) => raisedAt !== null)
  const lines = raised.slice(0, maxSpelledOut).map((alarm) => {
    const about = aboutAlarm(alarm.cause, alarm, texts, context)
    return `- ${about.tenant}: ${about.title}. ${about.hint}`
  })
  const left = raised.length - lines.length
  if (left > 0) lines.push(`- ${texts.more(left)}`)
  const paragraphs = [
    ...(lines.length > 0 ? [[texts.digest.intro, ...lines].join('\n')] : []),
    ...(dropped > 0 ? [texts.digest.dropped(dropped)] : []),
    ...namedUsers(raised, texts, context),
    ...detailsOf(context.tenant, texts, context)
  ]
  const id = `digest-${idPart(context.tenant)}-${day}`
  const subject = `${owner}: ${texts.digest.subject}`
  return {
    id,
    inReplyTo: null,
    subject: `Hanvisa: ${subject}`,
    text: mailText([paragraphs.join('\n\n')], texts),
    short: foldToGsm7(`Hanvisa: ${subject}`),
    events: [
      {
        type: 'alarm.digest',
        id,
        data: { tenant: context.tenant, alarms: raised.length, dropped, summary: subject }
      }
    ]
  }
}

/** What is sent on request. `serial` tells it from others. */
export function composeTest(serial: string, context: ComposeContext): AlarmMessage {
  const texts = textsIn(context.language)
  return plainMessage(
    'alarm.test',
    `test-${idPart(context.tenant)}-${serial}`,
    { subject: `${texts.test}: ${ownerOf(texts, context)}`, text: texts.testText },
    texts,
    context
  )
}

export function composeCode(code: string, serial: string, context: ComposeContext): AlarmMessage {
  const texts = textsIn(context.language)
  const owner = ownerOf(texts, context)
  const message = plainMessage(
    'alarm.code',
    `code-${idPart(context.tenant)}-${serial}`,
    { subject: `${texts.code.subject}: ${owner}`, text: texts.code.text(owner, code) },
    texts,
    context
  )
  const [event] = message.events
  const short = foldToGsm7(texts.code.short(owner, code))
  return { ...message, short, events: [{ ...event!, data: { ...event!.data, code } }] }
}

function plainMessage(
  type: AlarmEvent['type'],
  id: string,
  said: { readonly subject: string; readonly text: string },
  texts: AlarmTexts,
  { tenant }: ComposeContext
): AlarmMessage {
  return {
    id,
    inReplyTo: null,
    subject: `Hanvisa: ${said.subject}`,
    text: mailText([said.text], texts),
    short: foldToGsm7(`Hanvisa: ${said.text}`),
    events: [{ type, id, data: { tenant, summary: said.text } }]
  }
}

function subjectOf({ type, cause, alarm }: News, texts: AlarmTexts, context: ComposeContext): string {
  const { tenant, title } = aboutAlarm(cause, alarm, texts, context)
  const begins = type === 'reminder' ? `${texts.reminder}: ` : type === 'over' ? `${texts.over}: ` : ''
  return tenant === null ? `${begins}${title}` : `${begins}${tenant}: ${title}`
}

function moreOf(news: readonly News[], texts: AlarmTexts): string {
  return news.length === 1 ? '' : ` (${texts.more(news.length - 1)})`
}

function paragraphOf(news: News, texts: AlarmTexts, context: ComposeContext): string {
  const { type, cause, alarm } = news
  const about = aboutAlarm(cause, alarm, texts, context)
  const title = subjectOf(news, texts, context)
  const times = timesOf(news, texts, context)
  if (type === 'over') return [`${title}.`, ...times].join('\n')
  // What it means for callers comes first.
  return [
    about.meaning,
    [`${title}.`, ...times].join(' '),
    ...(alarm === null || alarm.of === 0 || !countsUsers(cause)
      ? []
      : [texts.affected(alarm.users, alarm.of)]),
    about.hint,
    ...namedUsers(alarm === null ? [] : [alarm], texts, context),
    ...detailsOf(about.id, texts, context)
  ].join('\n')
}

/** From when until when; of what comes nearer its title says enough. */
function timesOf({ type, cause, beganAt }: News, texts: AlarmTexts, context: ComposeContext): string[] {
  const { base } = splitCause(cause)
  if (endingCauses.has(base)) return []
  const since = momentOf(beganAt, texts, context)
  return type === 'over' ? [texts.ended(since, momentOf(context.now, texts, context))] : [texts.began(since)]
}

function toEvent(news: News, texts: AlarmTexts, context: ComposeContext): AlarmEvent {
  const { type, cause, episode, severity, beganAt, alarm, messagesBefore } = news
  const { base } = splitCause(cause)
  const about = aboutAlarm(cause, alarm, texts, context)
  return {
    type: `alarm.${type}`,
    id: `alarm-${idPart(about.id)}-${base}-${episode}-${messagesBefore + 1}`,
    data: {
      tenant: about.id,
      cause: base,
      severity,
      since: formatInstant(floorToSecond(beganAt)),
      episode,
      users: alarm?.users ?? 0,
      summary: subjectOf(news, texts, context),
      hint: about.hint,
      url: urlOf(about.id, context)
    }
  }
}

/** Of causes that are about calendars, and not about keys, consumers or many tenants. */
function countsUsers(cause: string): boolean {
  const { base, isFlood } = splitCause(cause)
  return (
    !isFlood && base !== 'key_expires' && base !== 'consumer_refused' && base !== 'subscriptions_inactive'
  )
}

function namedUsers(
  alarms: readonly TellableAlarm[],
  texts: AlarmTexts,
  { users }: ComposeContext
): string[] {
  const count = Math.max(0, ...alarms.filter(({ cause }) => isAboutSome(cause)).map((alarm) => alarm.users))
  if (count === 0 || users.length === 0) return []
  const named = users.slice(0, maxNamedUsers)
  return [texts.usersAre(named.join(', '), Math.max(0, count - named.length))]
}

/** Whether it is about some users, and not about all of them. */
function isAboutSome(cause: string): boolean {
  return (
    cause === 'stale' ||
    cause.startsWith('mailbox_') ||
    cause === 'access_denied' ||
    cause === 'subject_not_readable'
  )
}

function detailsOf(tenant: string | null, texts: AlarmTexts, context: ComposeContext): string[] {
  const url = urlOf(tenant, context)
  return url === null ? [] : [texts.details(url)]
}

function urlOf(tenant: string | null, { publicUrl }: ComposeContext): string | null {
  if (publicUrl === null) return null
  return tenant === null ? `${publicUrl}/v1/alarms` : `${publicUrl}/v1/tenants/${tenant}/sync`
}

function ownerOf(texts: AlarmTexts, { tenant, nameOf }: ComposeContext): string {
  return tenant === null ? texts.provider : nameOf(tenant)
}

function mailText(paragraphs: readonly string[], texts: AlarmTexts): string {
  return `${paragraphs.join('\n\n')}\n\n-- \n${texts.footer}\n`
}

/** An id within a Message-ID: `@` and what an atom lacks are written otherwise (RFC 5322 section 3.2.3). */
function idPart(tenant: string | null): string {
  return tenant === null
    ? '*'
    : tenant.replace(/[^A-Za-z0-9._+-]/g, (sign) => `=${sign.charCodeAt(0).toString(16)}`)
}
