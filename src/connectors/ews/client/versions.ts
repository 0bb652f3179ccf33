/** All that differs between the versions of Exchange, in one table; and which of them a server and a mailbox speak. */
import type { EwsSchema } from '../schema-versions.ts'
import type { ServerVersion } from '../soap/response.ts'

/** One schema, and what can be relied on where it is spoken. */
export interface EwsVersion {
  readonly schema: EwsSchema
  /** In what ServerVersionInfo says: from this version on the server speaks it. */
  readonly since: readonly [major: number, minor: number, build: number]
  /** How an impersonated mailbox is named. 2007 knows no SmtpAddress, and takes the primary address alone. */
  readonly impersonatedBy: 'SmtpAddress' | 'PrimarySmtpAddress'
  /** Whether GetUserAvailability takes RequestServerVersion: the WSDL of 2007 SP1 declares no header there. */
  readonly availabilityHeader: boolean
  /** Days that GetUserAvailability shows at the most. */
  readonly availabilityDays: 42 | 62
  /** Whether an impersonated call is charged to the mailbox; before (2010 SP2 RU4) the account pays. */
  readonly chargesMailbox: boolean
  /** GetStreamingEvents. */
  readonly streaming: boolean
  /** How many of them run at a time for the account or mailbox that is charged (HangingConnectionLimit; 2010: EWSMaxConcurrency once more). */
  readonly streams: 3 | 10
  /** What keeps calls on the server that has the subscriptions. */
  readonly affinityCookie: 'X-BackEndOverrideCookie' | 'exchangecookie'
  /** WorkingElsewhere; before, such an event is shown as Free. */
  readonly workingElsewhere: boolean
  /** How the operator lets the account read a calendar. */
  readonly grants: 'folder' | 'mailbox'
}

const from2010 = {
  impersonatedBy: 'SmtpAddress',
  availabilityHeader: true,
  availabilityDays: 62,
  grants: 'folder'
} as const
const from2013 = {
  ...from2010,
  chargesMailbox: true,
  streaming: true,
  streams: 3,
  affinityCookie: 'X-BackEndOverrideCookie',
  workingElsewhere: true
} as const
const in2010 = {
  ...from2010,
  chargesMailbox: false,
  streams: 10,
  affinityCookie: 'exchangecookie',
  workingElsewhere: false
} as const

/** From the newest to the oldest. */
export const ewsVersions: readonly EwsVersion[] = [
  { ...from2013, schema: 'Exchange2016', since: [15, 1, 0], streams: 10 },
  { ...from2013, schema: 'Exchange2013_SP1', since: [15, 0, 847] },
  { ...from2013, schema: 'Exchange2013', since: [15, 0, 0] },
  { ...in2010, schema: 'Exchange2010_SP2', since: [14, 2, 0], streaming: true, chargesMailbox: true },
  { ...in2010, schema: 'Exchange2010_SP1', since: [14, 1, 0], streaming: true },
  { ...in2010, schema: 'Exchange2010', since: [14, 0, 0], streaming: false },
  {
    schema: 'Exchange2007_SP1',
    since: [8, 1, 0],
    impersonatedBy: 'PrimarySmtpAddress',
    availabilityHeader: false,
    availabilityDays: 42,
    chargesMailbox: false,
    streaming: false,
    streams: 10,
    affinityCookie: 'exchangecookie',
    workingElsewhere: false,
    grants: 'mailbox'
  }
]

/** The newest that the server speaks, by what it says of itself; the oldest for those that are older still. */
export function newestVersionOf({ major, minor, build }: ServerVersion): EwsVersion {
  const own = [major, minor, build]
  return ewsVersions.find(({ since }) => compare(own, since) >= 0) ?? ewsVersions.at(-1)!
}

function compare(one: readonly number[], other: readonly number[]): number {
  const place = other.findIndex((part, index) => one[index] !== part)
  return place === -1 ? 0 : one[place]! - other[place]!
}

/** How servers say that the version of a request is none of theirs, or that the request is not of that version. */
const versionErrors = [
  'ErrorInvalidServerVersion',
  'ErrorIncorrectSchemaVersion',
  'ErrorInvalidSchemaVersionForMailboxVersion'
]
/**
 * How some say it that cannot read the request at all; it may mean other things too. `HTTP 400` counts
 * where Exchange or its IIS says it (exchangelib, protocol.py), and not where another web server does.
 */
const ambiguousErrors = ['ErrorInvalidRequest', 'ErrorSchemaValidation', 'HTTP 400', 'HTTP 500']

/** Goes downward once, and remembers: for the server, and for each mailbox that stands on another one behind it. */
export class VersionNegotiation {
  /** What the connection states; undefined: found out. */
  readonly #stated: EwsVersion | undefined
  #current: EwsVersion
  #isNegotiated: boolean
  readonly #mailboxVersions = new Map<string, EwsVersion>()

  constructor(stated: EwsSchema | 'auto') {
    this.#stated = ewsVersions.find(({ schema }) => schema === stated)
    this.#current = this.#stated ?? ewsVersions[0]!
    this.#isNegotiated = this.#stated !== undefined
  }

  /** What the server speaks, as far as is known: the newest until an answer says otherwise. */
  get current(): EwsVersion {
    return this.#current
  }

  /** False until the first answer. */
  get isNegotiated(): boolean {
    return this.#isNegotiated
  }

  /** What to ask this mailbox with, the likeliest first; null for calls that concern the server alone. */
  toTry(mailbox: string | null): readonly EwsVersion[] {
    if (this.#stated !== undefined) return [this.#stated]
    const first = (mailbox === null ? undefined : this.#mailboxVersions.get(mailbox)) ?? this.#current
    return ewsVersions.slice(ewsVersions.indexOf(first))
  }

  /** That version was answered; `server` is what the answer said of itself. */
  onAnswer(mailbox: string | null, version: EwsVersion, server: ServerVersion | null): void {
    if (this.#stated !== undefined) return
    if (!this.#isNegotiated) {
      this.#isNegotiated = true
      // A transient error may have led further down than was needed.
      this.#current = server === null ? version : newestVersionOf(server)
      return
    }
    if (version === this.#current) return
    if (mailbox === null) this.#current = version
    else this.#mailboxVersions.set(mailbox, version)
  }

  /** Whether an older version is to be tried after this answer. */
  isVersionError(code: string): boolean {
    return versionErrors.includes(code) || (!this.#isNegotiated && ambiguousErrors.includes(code))
  }
}
