/** Finds where the calendars of a mailbox are, proves whose they are, and remembers it for an hour. */
import { RemoteError } from '../../../errors.ts'
import { untilAborted } from '../../../lib/deadline.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { DavAccount, DavClient } from '../client/dav-client.ts'
import { comparablePath, type DavResponse } from '../client/multistatus.ts'
import { locateBody } from '../client/requests.ts'
import { accessDenied, unknownMailbox } from '../errors.ts'
import { fillTemplate } from '../presets.ts'
import { findPrincipal } from './find-principal.ts'
import {
  addressesOf,
  type CalendarPrincipal,
  isAnonymous,
  isNamed,
  ownerPathOf,
  readPrincipal
} from './principal.ts'
import { type DavService, findService } from './service-discovery.ts'
import { calendarsIn } from './user-calendars.ts'

/** Where the calendars of one user are, and whose they are. */
export interface CalendarHome {
  readonly account: DavAccount
  /** One calendar (`depth` 0), or the folder of several (`depth` 1). */
  readonly url: string
  readonly depth: '0' | '1'
  /** The path of the principal that owns them; null where the server does not say. */
  readonly ownerPath: string | null
  /** The owner's e-mail addresses, lower case: by them it is told what the owner answered. */
  readonly addresses: readonly string[]
  /** How a hint may name the user. */
  readonly shownUser: string
}

/** A mailbox as the connection reaches it: by a name, or by an address of its own. */
export interface MailboxAddress {
  readonly account: DavAccount
  /** The address to begin at. */
  readonly url: string
  /** Null: the address is the user's own, and whoever it leads to is the user. */
  readonly mailbox: string | null
  /** Of `userUrl` or a preset; null: the calendars are found. */
  readonly template: string | null
  readonly shownUser: string
}

/** Milliseconds after which it is looked again: calendars are added, and users renamed. */
const keptMs = 3_600_000
const maxKept = 200_000

export class CalendarLocator {
  readonly #client: DavClient
  readonly #clock: () => number
  readonly #homes = new Map<string, { readonly home: CalendarHome; readonly at: number }>()
  /** By account: the search is the same for all of its users. */
  readonly #services = new Map<string, Promise<DavService>>()

  constructor(client: DavClient, clock: () => number) {
    this.#client = client
    this.#clock = clock
  }

  /** Throws RemoteError. */
  async locate(address: MailboxAddress, signal: AbortSignal): Promise<CalendarHome> {
    const key = keyOf(address)
    const held = this.#homes.get(key)
    if (held !== undefined && this.#clock() - held.at < keptMs) return held.home
    const home = await this.#find(address, signal)
    this.#homes.delete(key)
    const [oldest] = this.#homes.keys()
    if (this.#homes.size >= maxKept && oldest !== undefined) this.#homes.delete(oldest)
    this.#homes.set(key, { home, at: this.#clock() })
    return home
  }

  /** It moved, or is another's now: the next read looks again. */
  forget(address: MailboxAddress): void {
    this.#homes.delete(keyOf(address))
  }

  /** The account's own service, found once. */
  service(account: DavAccount, url: string, signal: AbortSignal): Promise<DavService> {
    const key = digestOf(`${url}\n${account.user}\n${account.password}`)
    let search = this.#services.get(key)
    if (search === undefined) {
      // Not by the signal of one of those that wait for it.
      search = findService(this.#client, account, url, AbortSignal.timeout(120_000))
      this.#services.set(key, search)
      const forget = () => void this.#services.delete(key)
      search.then(() => setTimeout(forget, keptMs).unref(), forget)
    }
    return untilAborted(search, signal)
  }

  async #find(address: MailboxAddress, signal: AbortSignal): Promise<CalendarHome> {
    const { account, url, mailbox, template, shownUser } = address
    if (mailbox === null) {
      const found = new URL(url).pathname === '/' ? null : await this.#locateAt(address, url, null, signal)
      if (found !== null) return found
      const service = await this.service(account, url, signal)
      return this.#homeOf(address, await this.#ownPrincipal(address, service, signal), signal)
    }
    if (template !== null) {
      const filled = fillTemplate(template, mailbox, account.user)
      if (filled === null)
        throw unknownMailbox(
          shownUser,
          "the address of the server's calendars holds a domain, and the mailbox has none"
        )
      const found = await this.#locateAt(
        address,
        new URL(filled, url).href,
        namesOf(mailbox, template),
        signal
      )
      if (found !== null) return found
    }
    const service = await this.service(account, url, signal)
    const principal = await findPrincipal(this.#client, account, service, { mailbox, shownUser }, signal)
    return this.#homeOf(address, principal, signal)
  }

  async #ownPrincipal({ account, shownUser }: MailboxAddress, service: DavService, signal: AbortSignal) {
    const principal = await readPrincipal(this.#client, account, service.principal, shownUser, signal)
    if (principal === null) throw unknownMailbox(shownUser, 'the server knows no such principal')
    return principal
  }

  /** Of a principal that was found to be the user's. */
  async #homeOf(
    address: MailboxAddress,
    principal: CalendarPrincipal,
    signal: AbortSignal
  ): Promise<CalendarHome> {
    const { account, shownUser } = address
    const path = comparablePath(new URL(principal.url).pathname)
    if (isAnonymous(path)) throw unknownMailbox(shownUser, 'the server answers as "anonymous"')
    const [url] = principal.homes
    if (url === undefined)
      throw unknownMailbox(shownUser, 'the server names no folder of calendars for it (calendar-home-set)')
    const home: CalendarHome = {
      account,
      url,
      depth: '1',
      ownerPath: path,
      addresses: principal.addresses,
      shownUser
    }
    return this.#narrow(home, signal)
  }

  /** At an address that names a calendar, a folder of calendars or a principal; else null. `names`: whose it must be; null: anybody's. */
  async #locateAt(
    address: MailboxAddress,
    url: string,
    names: readonly string[] | null,
    signal: AbortSignal
  ): Promise<CalendarHome | null> {
    const { account, shownUser } = address
    const request = { method: 'PROPFIND', url, depth: '0', body: locateBody } as const
    const answer = await this.#client.multistatus(
      account,
      request,
      { user: shownUser, purpose: 'calendar' },
      signal
    )
    const [response] = answer.responses
    if (response === undefined || response.status === 404)
      throw unknownMailbox(shownUser, 'the server has no calendar for it (404)')
    if (response.status === 403 || response.refused.get('resourcetype') === 403)
      throw accessDenied(account, shownUser)
    const types = response.properties.get('resourcetype')?.children ?? []
    const home = response.properties.get('calendar-home-set')?.hrefs ?? []
    const isCalendar = types.includes('calendar')
    // Somewhere on the server that is nobody's: the account's own calendars are looked for.
    if (!isCalendar && names === null && home.length === 0 && ownerPathOf(response, answer.url) === null)
      return null
    const owner = await this.#proveOwner(
      address,
      response,
      { asked: url, answered: answer.url },
      names,
      signal
    )
    if (!isCalendar && home.length > 0 && owner.principal !== null && owner.principal.homes.length > 0)
      return this.#homeOf(address, owner.principal, signal)
    const { ownerPath, addresses } = owner
    const found = { account, url: answer.url, ownerPath, addresses, shownUser }
    if (isCalendar) {
      if (calendarsIn([response], answer.url, { ...found, depth: '0' }).length === 0)
        throw unknownMailbox(shownUser, 'its address leads to a list of tasks, which holds no appointments')
      return { ...found, depth: '0' }
    }
    return this.#narrow({ ...found, depth: '1' }, signal)
  }

  /** Throws `mailbox_unknown` where the resource is not the user's. */
  async #proveOwner(
    { account, shownUser }: MailboxAddress,
    response: DavResponse,
    { asked, answered: url }: { readonly asked: string; readonly answered: string },
    names: readonly string[] | null,
    signal: AbortSignal
  ): Promise<{
    ownerPath: string | null
    addresses: readonly string[]
    principal: CalendarPrincipal | null
  }> {
    const ownerPath = ownerPathOf(response, url)
    const stated = addressesOf(response)
    if (ownerPath === null) {
      // Nothing says whose it is but the address that was asked for: the answer must be of that very one, without a redirect.
      const isAsked = answersFor(response, names === null ? url : asked)
      if (!isAsked || comparablePath(new URL(url).pathname).split('/').some(isAnonymous))
        throw unknownMailbox(shownUser, 'the server answers with the calendar of somebody else')
      return { ownerPath, addresses: stated, principal: null }
    }
    if (isAnonymous(ownerPath))
      throw unknownMailbox(shownUser, 'the server does not know it, and answers as "anonymous"')
    const isOwner = (addresses: readonly string[]) => names === null || isNamed(ownerPath, addresses, names)
    let principal: CalendarPrincipal | null = null
    try {
      principal = await readPrincipal(this.#client, account, new URL(ownerPath, url).href, shownUser, signal)
    } catch (error) {
      // The account may not read it: then its path alone says who it is.
      const isRefused = error instanceof RemoteError && error.scope === 'mailbox'
      if (!isRefused || error.code === 'unreachable' || error.code === 'throttled' || !isOwner(stated))
        throw error
    }
    const addresses = principal?.addresses ?? stated
    if (!isOwner(addresses))
      throw unknownMailbox(shownUser, 'the calendar at its address is owned by somebody else')
    return { ownerPath, addresses, principal }
  }

  /** A folder with one calendar is asked for that calendar alone, which costs the server less. */
  async #narrow(home: CalendarHome, signal: AbortSignal): Promise<CalendarHome> {
    const request = { method: 'PROPFIND', url: home.url, depth: '1', body: locateBody } as const
    const context = { user: home.shownUser, purpose: 'calendar' } as const
    const answer = await this.#client.multistatus(home.account, request, context, signal)
    const calendars = calendarsIn(answer.responses, answer.url, home)
    const [only] = calendars
    if (only === undefined)
      throw unknownMailbox(
        home.shownUser,
        'the server has no calendar with appointments for it, or shows none to this account'
      )
    return calendars.length === 1 ? { ...home, url: only.url, depth: '0' } : { ...home, url: answer.url }
  }
}

/** Whether the response is of the address that was asked for. */
function answersFor({ href }: DavResponse, url: string): boolean {
  if (!URL.canParse(href, url)) return false
  const slash = (path: string) => comparablePath(path).replace(/\/$/, '')
  return slash(new URL(href, url).pathname) === slash(new URL(url).pathname)
}

/** What the owner's principal may be called. With `{user}` in the template it is what stands before the `@`. */
function namesOf(mailbox: string, template: string): string[] {
  const whole = mailbox.toLowerCase()
  return template.includes('{user}') ? [whole, whole.split('@')[0]!] : [whole]
}

function keyOf({ account, url, mailbox }: MailboxAddress): string {
  return digestOf([url, account.user, account.password, mailbox ?? ''].join('\n'))
}
