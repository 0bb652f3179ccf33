/** FindItem on the calendar of the mailbox that is asked for, and of no other that the server may take it for. */
import { randomUUID } from 'node:crypto'
import { RemoteError } from '../../../errors.ts'
import type { EwsClient } from '../client/ews-client.ts'
import { type CalendarViewReader, calendarViewReader } from './calendar-view-response.ts'
import type { ImpersonationId, ImpersonationIds } from './impersonation-id.ts'

export interface CalendarCallsDeps {
  readonly client: EwsClient
  readonly ids: ImpersonationIds
}

export class CalendarCalls {
  readonly #deps: CalendarCallsDeps
  #isImpersonating = false

  constructor(deps: CalendarCallsDeps) {
    this.#deps = deps
  }

  /** `bodyFor` names the folder's owner by primary address; for null the folder is that of whoever is impersonated. */
  send(
    mailbox: string,
    timeZone: string,
    bodyFor: (owner: string | null) => string,
    signal: AbortSignal
  ): Promise<CalendarViewReader> {
    return this.#deps.ids.withId(
      mailbox,
      (id) => this.#findItem(id, timeZone, bodyFor(id.by === 'address' ? mailbox : null), signal),
      () => this.#proveImpersonation(mailbox, bodyFor(null), signal)
    )
  }

  /**
   * Whether the server takes notice of the name that is impersonated: it refuses one that nobody has. One that takes none would
   * show the account's own calendar for each mailbox whose folder is not named.
   */
  async #proveImpersonation(mailbox: string, body: string, signal: AbortSignal): Promise<boolean> {
    if (this.#isImpersonating) return true
    const nobody = `no-such-mailbox-${randomUUID()}${mailbox.slice(mailbox.lastIndexOf('@'))}`
    try {
      await this.#findItem({ mailbox: nobody, by: 'address' }, 'UTC', body, signal)
      return false
    } catch (error) {
      const isRefused =
        error instanceof RemoteError && (error.code === 'mailbox_unknown' || error.code === 'access_denied')
      if (!isRefused) throw error
      this.#isImpersonating = true
      return true
    }
  }

  #findItem(
    impersonated: ImpersonationId,
    timeZone: string,
    body: string,
    signal: AbortSignal
  ): Promise<CalendarViewReader> {
    return this.#deps.client.send(
      {
        operation: 'FindItem',
        body,
        impersonated,
        hasHeader: () => true,
        createReader: () => calendarViewReader(timeZone),
        statusOf: ({ status }) => status ?? { code: 'ErrorNoAnswer', inner: null, backOffMs: null }
      },
      signal
    )
  }
}
