/** What the messages of alarms say, in one language: each language is one file of this form. */
import type { CauseName } from '../causes.ts'

/** What a sentence is filled in with. All of it is ready to be read. */
export interface TextFacts {
  /** The tenant's name. */
  readonly tenant: string
  /** Of a flood: the title of its cause. */
  readonly what: string
  /** Since when: `08:14`, or `1 December, 08:14`. */
  readonly since: string
  readonly users: number
  readonly of: number
  /** Whole days until the end; 0: on the last day. */
  readonly days: number
  /** The day of the end: `1 December`. */
  readonly ends: string
}

export interface CauseTexts {
  /** For a subject line and an SMS, after the tenant's name: no sentence mark at its end. */
  readonly title: (facts: TextFacts) => string
  /** What it means for callers: a sentence. */
  readonly meaning: (facts: TextFacts) => string
  /** What to do, and who: a sentence or two. */
  readonly hint: string
}

export interface AlarmTexts {
  /** Of `Intl`. */
  readonly locale: string
  readonly causes: Readonly<Record<CauseName, CauseTexts>>
  readonly flood: CauseTexts
  /** Titles once it is over, where the cause's own would be wrong. */
  readonly resolved: {
    readonly stale: string
    readonly secret_expires: string
    readonly application_expires: string
    readonly flood: (what: string) => string
  }
  readonly time: (hour: number, minute: string) => string
  readonly dayAndTime: (day: string, time: string) => string
  /** Before a subject. */
  readonly reminder: string
  readonly over: string
  readonly test: string
  readonly began: (since: string) => string
  readonly ended: (since: string, until: string) => string
  readonly affected: (users: number, of: number) => string
  readonly usersAre: (ids: string, more: number) => string
  readonly more: (count: number) => string
  readonly details: (url: string) => string
  readonly footer: string
  readonly digest: {
    readonly subject: string
    readonly intro: string
    readonly dropped: (count: number) => string
  }
  readonly code: {
    readonly subject: string
    readonly text: (owner: string, code: string) => string
    /** For an SMS: the code comes first, so that no length cuts it off. */
    readonly short: (owner: string, code: string) => string
  }
  readonly testText: string
  readonly provider: string
}
