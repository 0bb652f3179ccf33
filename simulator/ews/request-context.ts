/** A call that may be answered: signed in, parsed, in a version that the server takes, for whom it is made. */

import type { Mailbox } from '../calendar-item.ts'
import type { Faults } from '../faults.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest } from '../protocol-message.ts'
import type { ExchangeInstallation } from './installations.ts'
import type { ExchangeSchema } from './versions.ts'
import type { XmlElement } from './xml.ts'

/** With whose eyes the call looks. */
export interface Caller {
  /** Lower case: rights are given to it. */
  readonly address: string
  readonly mailbox: Mailbox | null
  readonly impersonated: boolean
  /** Who signed in, by address or client id: subscriptions belong to it. */
  readonly account: string
}

export interface RequestContext {
  readonly installation: ExchangeInstallation
  readonly mailboxes: Mailboxes
  readonly faults: Faults
  readonly caller: Caller
  /** As asked for, Exchange2007 where nothing was. */
  readonly schema: ExchangeSchema
  /** IANA, by the TimeZoneContext header; null without. */
  readonly zone: string | null
  /** The body's only child. */
  readonly operation: XmlElement
  readonly call: ProtocolRequest
  /** Which of the installation's servers it landed on. */
  readonly server: number
  /** Epoch milliseconds. */
  readonly now: number
}
