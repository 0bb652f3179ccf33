/** The Exchange servers beside the cloud: one for each tenant, with its version, its ways to sign in and its accounts. */
import { ControlInputError } from '../mailboxes.ts'
import { type ExchangeVersion, exchangeVersions, type VersionName } from './versions.ts'

export const schemes = ['basic', 'ntlm', 'negotiate', 'oauth'] as const
export type Scheme = (typeof schemes)[number]
export const protections = ['off', 'allow', 'require'] as const

/** A server as a test or a person describes it. Its mailboxes are the tenant's, but those whose hosting is `absent`. */
export interface InstallationInput {
  /** SE unless given. */
  readonly version?: VersionName
  /** What the virtual directory offers; all but `oauth` unless given. */
  readonly schemes?: readonly Scheme[]
  /** ExtendedProtectionTokenChecking, `off` being its None. `require` unless given with 2019 and SE, `off` before. */
  readonly extendedProtection?: (typeof protections)[number]
  /** The NetBIOS name before `\\` in accounts' names; HANVISA unless given. */
  readonly domain?: string
  readonly accounts?: readonly AccountInput[]
  /** Calls of one budget at a time; the version's own unless given. */
  readonly atOnce?: number
  /** HangingConnectionLimit: streams of one budget; the version's own unless given (3 with 2013, else 10). */
  readonly streams?: number
  /** EWSMaxSubscriptions of one budget; 20 unless given with 2010, else 5000. */
  readonly subscriptions?: number
  /** Behind one name, each with subscriptions of its own: who asks the wrong one for them finds none. 1 unless given. */
  readonly servers?: number
  /** EWSFindCountLimit; 1000 unless given. */
  readonly findCount?: number
  /** Impersonated calls without X-AnchorMailbox are turned away, as bearers of tokens always are. */
  readonly anchored?: boolean
  /** Autodiscover sends askers for these addresses (or domains) on: to another address, or to a URL. */
  readonly redirects?: Readonly<Record<string, string>>
}

/** Somebody in the directory who can sign in. */
export interface AccountInput {
  /** Without the domain. */
  readonly user: string
  readonly password: string
  /** The account's own SMTP address, by which mailboxes give it rights; also its UPN. `user@domain` unless given. */
  readonly address?: string
  /** Whom it may impersonate: everybody, or these addresses alone (a management scope). Nobody unless given. */
  readonly impersonates?: 'everybody' | readonly string[]
  /** Signing in fails whatever the password. */
  readonly disabled?: boolean
  /** After so many wrong passwords in a row it is locked out until it is put again; never unless given. */
  readonly lockedAfter?: number
}

export interface Account {
  readonly user: string
  readonly password: string
  /** Lower case. */
  readonly address: string
  readonly impersonates: 'everybody' | ReadonlySet<string>
  readonly disabled: boolean
  readonly lockedAfter: number
  /** Wrong passwords since the last right one. */
  failures: number
}

export interface ExchangeInstallation {
  readonly tenant: string
  readonly version: ExchangeVersion
  readonly schemes: ReadonlySet<Scheme>
  readonly extendedProtection: (typeof protections)[number]
  readonly domain: string
  readonly accounts: readonly Account[]
  readonly atOnce: number
  readonly streams: number
  readonly subscriptions: number
  readonly servers: number
  /** They take turns. */
  next(): number
  readonly findCount: number
  readonly anchored: boolean
  /** Keys in lower case. */
  readonly redirects: ReadonlyMap<string, string>
  /** As it was put, but for passwords. */
  readonly input: Omit<InstallationInput, 'accounts'>
}

export class Installations {
  readonly #byTenant = new Map<string, ExchangeInstallation>()

  /** Creates the tenant's server or replaces it; connections must sign in again. */
  put(tenant: string, input: InstallationInput): ExchangeInstallation {
    const { accounts = [], ...rest } = input
    const version = exchangeVersions.get(input.version ?? 'SE')
    if (!version) throw new ControlInputError(`version: "${input.version}" is not known`)
    const domain = input.domain ?? 'HANVISA'
    const redirects = Object.entries(input.redirects ?? {})
    const servers = input.servers ?? 1
    let turn = 0
    const installation: ExchangeInstallation = {
      tenant,
      version,
      schemes: new Set(input.schemes ?? ['negotiate', 'ntlm', 'basic']),
      extendedProtection:
        input.extendedProtection ?? (version.build[1] === 2 && version.build[0] === 15 ? 'require' : 'off'),
      domain,
      accounts: accounts.map((each) => accountOf(each, domain)),
      atOnce: input.atOnce ?? version.atOnce ?? Number.POSITIVE_INFINITY,
      streams: input.streams ?? (version.build[0] === 15 && version.build[1] === 0 ? 3 : 10),
      subscriptions: input.subscriptions ?? (version.build[0] === 14 ? 20 : 5000),
      servers,
      next: () => {
        turn = (turn + 1) % servers
        return turn
      },
      findCount: input.findCount ?? 1000,
      anchored: input.anchored ?? false,
      redirects: new Map(redirects.map(([key, value]) => [key.toLowerCase(), value])),
      input: rest
    }
    this.#byTenant.set(tenant, installation)
    return installation
  }

  get(tenant: string): ExchangeInstallation | undefined {
    return this.#byTenant.get(tenant)
  }

  /** The one put first: what answers where no tenant stands in the path. */
  first(): ExchangeInstallation | undefined {
    return this.#byTenant.values().next().value
  }

  delete(tenant: string): boolean {
    return this.#byTenant.delete(tenant)
  }

  clear(): void {
    this.#byTenant.clear()
  }
}

/** By what was typed: `DOMAIN\user`, an address, or a bare name. NTLM sends name and domain apart. */
export function accountNamed(
  installation: ExchangeInstallation,
  user: string,
  domain = ''
): Account | undefined {
  const [before, after] = user.includes('\\') ? user.split('\\', 2) : [domain, user]
  const name = (after ?? '').toLowerCase()
  const place = (before ?? '').toLowerCase()
  return installation.accounts.find((account) => {
    if (name === account.address) return true
    return name === account.user.toLowerCase() && ['', installation.domain.toLowerCase()].includes(place)
  })
}

function accountOf(input: AccountInput, domain: string): Account {
  const { impersonates = [] } = input
  return {
    user: input.user,
    password: input.password,
    address: (input.address ?? `${input.user}@${domain}`).toLowerCase(),
    impersonates:
      impersonates === 'everybody' ? impersonates : new Set(impersonates.map((each) => each.toLowerCase())),
    disabled: input.disabled ?? false,
    lockedAfter: input.lockedAfter ?? Number.POSITIVE_INFINITY,
    failures: 0
  }
}
