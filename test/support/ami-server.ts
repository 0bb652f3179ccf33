/**
 * An Asterisk Manager Interface as Asterisk's documentation and sources have it (docs.asterisk.org: AMI actions Challenge, Login,
 * Setvar, Getvar, DBPut, DBGet, DBDel, DBDelTree, Ping; main/manager.c for lines and events; funcs/func_presencestate.c).
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

type Fields = ReadonlyMap<string, string>

export interface AmiServer {
  readonly port: number
  /** AstDB, by `family/key`. */
  readonly database: Map<string, string>
  /** By `CustomPresence:1070`: state, subtype and message, decoded. */
  readonly presence: Map<string, string>
  /** By `Custom:HV1070`. */
  readonly devices: Map<string, string>
  /** Every action, by its name. */
  readonly actions: string[]
  /** What an account may not do. */
  readonly denied: Set<string>
  /** As `core restart now`: connections are closed; AstDB stays. */
  restart(): void
  /** What is sent in place of an answer; null: nothing. */
  garble: ((action: string) => string | null) | undefined
}

export const amiAccount = { user: 'hanvisa', secret: 'secret' }
const states = ['not_set', 'unavailable', 'available', 'away', 'xa', 'chat', 'dnd']

export async function startAmi(t: { teardown(step: () => unknown): void }): Promise<AmiServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.write('Asterisk Call Manager/11.0.0\r\n')
    let buffered = ''
    let isSignedIn = false
    socket.setEncoding('utf8').on('data', (chunk) => {
      buffered += chunk
      for (let end = buffered.indexOf('\r\n\r\n'); end !== -1; end = buffered.indexOf('\r\n\r\n')) {
        const lines = buffered.slice(0, end).split('\r\n')
        buffered = buffered.slice(end + 4)
        const fields = new Map(
          lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.replace(/^[^:]*: ?/, '')])
        )
        const action = fields.get('action') ?? ''
        self.actions.push(action)
        const garbled = self.garble?.(action)
        if (garbled !== undefined) {
          if (garbled !== null) socket.write(garbled)
          continue
        }
        if (lines.some((line) => Buffer.byteLength(line) > 1022)) {
          socket.write('Response: Error\r\nMessage: Failed to parse message: line too long\r\n\r\n')
          continue
        }
        const reply = (answer: string, ...events: string[]) =>
          socket.write(
            [answer, ...events]
              .map((text) => `${text}\r\nActionID: ${fields.get('actionid') ?? ''}\r\n\r\n`)
              .join('')
          )
        if (action === 'Login') {
          const key = createHash('md5').update(`112233${amiAccount.secret}`).digest('hex')
          isSignedIn = fields.get('username') === amiAccount.user && fields.get('key') === key
          reply(
            `Response: ${isSignedIn ? 'Success' : 'Error'}\r\nMessage: Authentication ${isSignedIn ? 'accepted' : 'failed'}`
          )
          if (isSignedIn)
            socket.write('Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n')
        } else if (action === 'Challenge') reply('Response: Success\r\nChallenge: 112233')
        else if (!isSignedIn || self.denied.has(action))
          reply('Response: Error\r\nMessage: Permission denied')
        else run(action, fields, reply)
      }
    })
  })
  const self: AmiServer = {
    port: 0,
    database: new Map(),
    presence: new Map(),
    devices: new Map(),
    actions: [],
    denied: new Set(),
    restart() {
      for (const socket of sockets) socket.destroy()
    },
    garble: undefined
  }

  function run(action: string, fields: Fields, reply: (answer: string, ...events: string[]) => void): void {
    const entry = `${fields.get('family')}/${fields.get('key')}`
    const { database } = self
    if (action === 'Ping') reply('Response: Success\r\nPing: Pong')
    else if (action === 'Setvar') {
      const isSet = setVariable(fields.get('variable') ?? '', fields.get('value') ?? '')
      reply(
        isSet ? 'Response: Success\r\nMessage: Variable Set' : 'Response: Error\r\nMessage: Variable not set'
      )
    } else if (action === 'Getvar') {
      const [, hint = ''] = /^PRESENCE_STATE\((.*),value\)$/.exec(fields.get('variable') ?? '') ?? []
      const value = self.presence.get(hint)?.split('|')[0] ?? 'not_set'
      reply(`Response: Success\r\nVariable: ${fields.get('variable')}\r\nValue: ${value}`)
    } else if (action === 'DBPut') {
      database.set(entry, fields.get('val') ?? '')
      reply('Response: Success\r\nMessage: Updated database successfully')
    } else if (action === 'DBGet' && database.has(entry)) {
      const event = `Event: DBGetResponse\r\nFamily: ${fields.get('family')}\r\nKey: ${fields.get('key')}\r\nVal: ${database.get(entry)}`
      reply('Response: Success\r\nMessage: Result will follow', event)
    } else if (action === 'DBDel' && database.delete(entry)) {
      reply('Response: Success\r\nMessage: Key deleted successfully')
    } else if (action === 'DBDelTree') {
      const gone = [...database.keys()].filter((key) => key.startsWith(`${fields.get('family')}/`))
      for (const key of gone) database.delete(key)
      reply(
        gone.length > 0
          ? 'Response: Success\r\nMessage: Key tree deleted successfully'
          : 'Response: Error\r\nMessage: Database entry not found'
      )
    } else reply('Response: Error\r\nMessage: Database entry not found')
  }

  function setVariable(name: string, value: string): boolean {
    const device = /^DEVICE_STATE\((Custom:.+)\)$/.exec(name)?.[1]
    if (device !== undefined) {
      self.devices.set(device, value)
      return true
    }
    const hint = /^PRESENCE_STATE\((CustomPresence:.+)\)$/.exec(name)?.[1]
    const [state = '', subtype = '', message = '', options = ''] = value.split(',')
    if (hint === undefined || !states.includes(state)) return false
    const read = (text: string) => (options.includes('e') ? Buffer.from(text, 'base64').toString() : text)
    self.presence.set(hint, [state, read(subtype), read(message)].join('|'))
    return true
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return Object.assign(self, { port: (server.address() as AddressInfo).port })
}
