/** A mailbox of a request, with what its caller may do there. */

import type { Mailbox } from '../calendar-item.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest } from '../protocol-message.ts'
import type { Ids } from './errors.ts'

/** A call that may be answered: everything was checked that does not depend on the call's own parameters. */
export interface OpenedMailbox {
  readonly mailbox: Mailbox
  readonly mailboxes: Mailboxes
  /** With the segments behind `/v1.0`. */
  readonly call: ProtocolRequest
  readonly ids: Ids
  /** The permission is `Calendars.ReadBasic.All` only: no bodies. */
  readonly basic: boolean
  readonly graphRoot: string
}
