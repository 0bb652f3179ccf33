/** What `hanvisa keys` does, wherever the keys are, and how it finds them. */
import type { KeyManagement } from '../management/api-keys.ts'

/** As they are for the service. */
export interface KeysSettings {
  readonly HANVISA_REDIS_URL: string | null
  readonly HANVISA_DATA_DIR: string | null
  readonly HANVISA_ADMIN_KEY: string | null
}

export interface KeyCommands extends Pick<KeyManagement, 'create' | 'list' | 'remove'> {
  close(): Promise<void>
}
