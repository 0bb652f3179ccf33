/** The port to sync, for the API. SyncController implements it where calendars are read, SyncClient where they are not. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import type { ConnectionState } from './connection/connection-health.ts'

export interface Sync {
  /**
   * Reads the calendars of these users (without: of all) ahead of the others, ending pauses of our own making.
   * Resolves to how many calendars that is; those whose users are not to be read, or that share one, are not counted.
   */
  readNow(tenant: string, users?: readonly string[]): Promise<number>
  /** What reads over a connection of the tenant (without a name: the first), for a test of it; null when it is not usable. */
  connector(tenant: string, connection?: string): Promise<Connector | null>
  /** A test of the connection (without a name: of each) has passed: a pause of our own making is over. */
  onConnectionTested(tenant: string, connection?: string): void
  /** The state of a connection; without a name: of the first. */
  connection(tenant: string, connection?: string): Promise<ConnectionState>
  /** Genuine notifications. Resolves once they are kept where the end of this process does not lose them. */
  onNotifications(notifications: readonly CalendarNotification[]): Promise<void>
  /** The tenant or its connection is new or changed; other changes come from the store's feed. */
  invalidateTenant(tenant: string): void
  /** Resolves when nothing is read or saved any more. */
  close(): Promise<void>
}
