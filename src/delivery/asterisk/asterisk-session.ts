/** The actions of the Manager Interface that set and read states, with what their refusals mean. */
import { DeliveryError } from '../delivery-error.ts'
import type { AmiClient } from './ami-client.ts'

export interface AsteriskSession {
  setVariable(name: string, value: string): Promise<void>
  /** Empty where it is not set. */
  variable(name: string): Promise<string>
  put(family: string, key: string, value: string): Promise<void>
  /** Null where there is none. */
  entry(family: string, key: string): Promise<string | null>
  remove(family: string, key: string | null): Promise<void>
}

export function openAsteriskSession(client: AmiClient, signal: AbortSignal): AsteriskSession {
  const run = (action: string, fields: readonly (readonly [string, string])[], event: string | null = null) =>
    client.run(
      action,
      fields.map(([name, value]) => [name, plain(value)] as const),
      signal,
      event
    )
  const require = async (action: string, fields: readonly (readonly [string, string])[]) => {
    const answer = await run(action, fields)
    if (answer.get('response') === 'Success') return answer
    throw answer.get('message') === 'Permission denied'
      ? denied(action)
      : new NotSet(notSetHints[action] ?? '')
  }
  return {
    async setVariable(name, value) {
      await require('Setvar', [
        ['Variable', name],
        ['Value', value]
      ])
    },
    variable: async (name) => (await require('Getvar', [['Variable', name]])).get('value') ?? '',
    async put(family, key, value) {
      await require('DBPut', [
        ['Family', family],
        ['Key', key],
        ['Val', value]
      ])
    },
    async entry(family, key) {
      const fields = [
        ['Family', family],
        ['Key', key]
      ] as const
      const answer = await run('DBGet', fields, 'DBGetResponse')
      if (answer.get('message') === 'Permission denied') throw denied('DBGet')
      return answer.get('event') === 'DBGetResponse' ? (answer.get('val') ?? '') : null
    },
    async remove(family, key) {
      const fields = [['Family', family] as const, ...(key === null ? [] : [['Key', key] as const])]
      const answer = await run(key === null ? 'DBDelTree' : 'DBDel', fields)
      // That there is nothing to remove is an error to Asterisk.
      if (answer.get('message') === 'Permission denied') throw denied('DBDel')
    }
  }
}

/** Asterisk does not take it for this one user. */
export class NotSet extends DeliveryError {
  constructor(hint: string) {
    super('peer_cannot', hint)
  }
}

const notSetHints: Readonly<Record<string, string>> = {
  Setvar: 'Asterisk does not set the state: load func_devstate.so and func_presencestate.so.',
  Getvar: 'Asterisk does not give the state: load func_presencestate.so.',
  DBPut: 'Asterisk does not write its database: look for the reason in its log.'
}

function denied(action: string): DeliveryError {
  return new DeliveryError(
    'access_denied',
    `Asterisk denies the account ${action}: "read = system,call" and "write = system,call" belong into its section of manager.conf.`,
    { consequence: 'refused', retryAfterMs: 60_000 }
  )
}

/** A line end would begin a member of its own. */
function plain(value: string): string {
  return value.replace(/[\r\n\0]/g, ' ')
}
