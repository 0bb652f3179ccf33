/** Sets presence, lamps and database entries in one Asterisk or FreePBX over its Manager Interface. */
import type {
  Acknowledged,
  CheckStep,
  ConsumerPeer,
  ConsumerStatus,
  Delivered,
  PeerDeps,
  PeerOptions,
  SendContext,
  WantedState
} from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { AmiClient } from './ami-client.ts'
import { type AsteriskSession, NotSet, openAsteriskSession } from './asterisk-session.ts'
import type { AsteriskSettings, PresenceState } from './asterisk-settings.ts'
import { databaseEntries, leaseRefreshMs, presenceStateOf, presenceValue } from './asterisk-values.ts'

/** What was set of a user: by it a value that somebody else set is known. */
interface SetByUs {
  readonly presence?: PresenceState
  readonly forward?: string
  /** FreePBX's do not disturb. */
  readonly dnd?: true
}

export class AsteriskPeer implements ConsumerPeer {
  readonly #options: PeerOptions<AsteriskSettings>
  readonly #deps: PeerDeps
  readonly #client: AmiClient

  constructor(options: PeerOptions<AsteriskSettings>, deps: PeerDeps) {
    this.#options = options
    this.#deps = deps
    this.#client = new AmiClient(options.settings, deps, options.onStateLost)
  }

  send(states: readonly WantedState[], { signal }: SendContext): Promise<readonly Delivered[]> {
    return Promise.all(states.map((state) => this.#sendOne(state, signal)))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#client.run('Ping', [], signal)
  }

  async check(_state: WantedState, signal: AbortSignal): Promise<readonly CheckStep[]> {
    const session = openAsteriskSession(this.#client, signal)
    const name = 'hanvisa-test'
    const calls = {
      presence: () => session.setVariable(`PRESENCE_STATE(CustomPresence:${name})`, 'not_set'),
      'device-state': () => session.setVariable(`DEVICE_STATE(Custom:HV${name})`, 'NOT_INUSE'),
      database: async () => {
        await session.put(`hanvisa/${name}`, 'until', '0')
        await session.remove(`hanvisa/${name}`, null)
      }
    }
    const { set, flavour } = this.#options.settings
    const wanted = flavour === 'freepbx' ? [...new Set([...set, 'database' as const])] : set
    const steps: CheckStep[] = []
    for (const [step, call] of [
      ['connect', () => this.ping(signal)] as const,
      ...wanted.map((target) => [target, calls[target]] as const)
    ]) {
      try {
        await call()
        steps.push({ name: step, ok: true })
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        return [...steps, { name: step, ok: false, code: error.code, hint: error.hint }]
      }
    }
    return steps
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  async #sendOne(
    { user, extension, status, acknowledged }: WantedState,
    signal: AbortSignal
  ): Promise<Delivered> {
    const session = openAsteriskSession(this.#client, signal)
    try {
      if (acknowledged !== null && (status === null || acknowledged.extension !== extension)) {
        await this.#clear(session, acknowledged)
      }
      if (status === null) return { user, outcome: 'ok' }
      const before = acknowledged?.extension === extension ? readTag(acknowledged) : {}
      const wanted = presenceStateOf(status, this.#options.settings.map)
      if (await this.#isTakenOver(session, extension, before, wanted)) {
        return { user, outcome: 'takenOver', tag: JSON.stringify(before) }
      }
      return { user, ...(await this.#set(session, extension, status, before)) }
    } catch (error) {
      if (!(error instanceof NotSet)) throw error
      return { user, outcome: 'failed', error: { code: error.code, hint: error.hint } }
    }
  }

  async #set(
    session: AsteriskSession,
    extension: string,
    status: ConsumerStatus,
    before: SetByUs
  ): Promise<Omit<Delivered, 'user'>> {
    const { set, map, flavour } = this.#options.settings
    const isClosed = status.phone === 'closed'
    const presence = presenceStateOf(status, map)
    if (set.includes('database')) await this.#setDatabase(session, extension, status)
    if (set.includes('device-state')) {
      await session.setVariable(`DEVICE_STATE(Custom:HV${extension})`, isClosed ? 'BUSY' : 'NOT_INUSE')
    }
    if (set.includes('presence')) {
      for (const device of await this.#devicesOf(session, extension)) {
        await session.setVariable(`PRESENCE_STATE(CustomPresence:${device})`, presenceValue(presence, status))
      }
      await this.#requirePresence(session, extension, presence)
    }
    const forward =
      flavour === 'freepbx' ? await this.#forward(session, extension, isClosed, before) : undefined
    const isDnd = flavour === 'freepbx' && presence === 'dnd'
    if (isDnd !== (before.dnd ?? false)) await this.#setDnd(session, extension, isDnd)
    const tag = JSON.stringify({
      presence,
      ...(forward !== undefined && { forward }),
      ...(isDnd && { dnd: true })
    })
    const isLease = set.includes('database') && isClosed && status.reachableAt === null
    return { outcome: 'ok', tag, ...(isLease && { refreshAfterMs: leaseRefreshMs }) }
  }

  async #setDatabase(session: AsteriskSession, extension: string, status: ConsumerStatus): Promise<void> {
    const family = `hanvisa/${extension}`
    if (status.phone === 'open') return session.remove(family, null)
    for (const [key, value] of databaseEntries(status, this.#deps.clock()))
      await session.put(family, key, value)
  }

  /** Success may have been of another module's function: what is there is read back. */
  async #requirePresence(
    session: AsteriskSession,
    extension: string,
    presence: PresenceState
  ): Promise<void> {
    const [device = extension] = await this.#devicesOf(session, extension)
    const found = await session.variable(`PRESENCE_STATE(CustomPresence:${device},value)`)
    if (found !== presence)
      throw new NotSet('Asterisk took the presence and has another: load func_presencestate.so.')
  }

  /** Whether somebody else set what is there: since, or before the first contact. What is as it is wanted is ours. */
  async #isTakenOver(
    session: AsteriskSession,
    extension: string,
    before: SetByUs,
    wanted: PresenceState | null
  ): Promise<boolean> {
    const { set, flavour, forwardTo } = this.#options.settings
    if (set.includes('presence')) {
      const [device = extension] = await this.#devicesOf(session, extension)
      const found = await session.variable(`PRESENCE_STATE(CustomPresence:${device},value)`)
      if (!released.has(found) && found !== before.presence && found !== wanted) return true
    }
    if (flavour !== 'freepbx') return false
    if (before.dnd === undefined && (await session.entry('DND', extension)) === 'YES') return true
    if (forwardTo === undefined) return false
    const forward = await session.entry('CF', extension)
    return (
      forward !== null && forward !== '' && forward !== (before.forward ?? targetOf(forwardTo, extension))
    )
  }

  /** FreePBX's unconditional forwarding, with the lamps that its own feature code switches. Resolves to what is set then. */
  async #forward(
    session: AsteriskSession,
    extension: string,
    isClosed: boolean,
    before: SetByUs
  ): Promise<string | undefined> {
    const { forwardTo } = this.#options.settings
    if (forwardTo === undefined) return undefined
    if (!isClosed && before.forward === undefined) return undefined
    if (isClosed) await session.put('CF', extension, targetOf(forwardTo, extension))
    else await session.remove('CF', extension)
    const lamp = isClosed ? 'BUSY' : 'NOT_INUSE'
    await session.setVariable(`DEVICE_STATE(Custom:CF${extension})`, lamp)
    for (const device of await this.#devicesOf(session, extension)) {
      await session.setVariable(`DEVICE_STATE(Custom:DEVCF${device})`, lamp)
    }
    return isClosed ? targetOf(forwardTo, extension) : undefined
  }

  /** As FreePBX's own feature code does it, lamps included. */
  async #setDnd(session: AsteriskSession, extension: string, isDnd: boolean): Promise<void> {
    if (isDnd) await session.put('DND', extension, 'YES')
    else await session.remove('DND', extension)
    const lamp = isDnd ? 'BUSY' : 'UNAVAILABLE'
    await session.setVariable(`DEVICE_STATE(Custom:DND${extension})`, lamp)
    for (const device of await this.#devicesOf(session, extension)) {
      await session.setVariable(`DEVICE_STATE(Custom:DEVDND${device})`, lamp)
    }
  }

  async #clear(session: AsteriskSession, acknowledged: Acknowledged): Promise<void> {
    const { set, flavour } = this.#options.settings
    const { extension } = acknowledged
    const before = readTag(acknowledged)
    if (await this.#isTakenOver(session, extension, before, null)) return
    if (set.includes('database')) await session.remove(`hanvisa/${extension}`, null)
    if (set.includes('device-state'))
      await session.setVariable(`DEVICE_STATE(Custom:HV${extension})`, 'NOT_INUSE')
    if (set.includes('presence')) {
      for (const device of await this.#devicesOf(session, extension)) {
        await session.setVariable(`PRESENCE_STATE(CustomPresence:${device})`, 'not_set')
      }
    }
    if (flavour === 'freepbx') await this.#forward(session, extension, false, before)
    if (before.dnd) await this.#setDnd(session, extension, false)
  }

  /** FreePBX has a hint for each device, plain Asterisk for the extension. */
  async #devicesOf(session: AsteriskSession, extension: string): Promise<readonly string[]> {
    if (this.#options.settings.flavour === 'plain') return [extension]
    const devices = (await session.entry(`AMPUSER/${extension}`, 'device'))
      ?.split('&')
      .filter((one) => one !== '')
    return devices === undefined || devices.length === 0 ? [extension] : devices
  }
}

/** A state that nobody would set to be left alone. */
const released: ReadonlySet<string> = new Set(['', 'not_set', 'available'])

function readTag(acknowledged: Acknowledged): SetByUs {
  try {
    return JSON.parse(acknowledged.tag ?? '{}')
  } catch {
    return {}
  }
}

function targetOf(forwardTo: string, extension: string): string {
  return forwardTo.replace('{extension}', extension)
}
