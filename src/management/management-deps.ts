/** What the parts of management work with. */
import type { ProviderConsent } from '../connectors/provider-consent.ts'
import type { PeerDeps } from '../delivery/consumer.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { MasterKeys } from '../storage/secrets/master-keys.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import type { Sync } from '../sync/sync.ts'
import type { AuditRecorder } from './audit/recorder.ts'
import type { KeyRegistry } from './key-registry.ts'

export interface ConsentDeps {
  readonly provider: ProviderConsent
  /** Signs states: the same in every replica. */
  readonly sealer: Sealer
}

export interface ManagementDeps {
  readonly store: Store
  readonly sync: Pick<Sync, 'invalidateTenant' | 'connector' | 'connection' | 'onConnectionTested'>
  /** By name; `3kontakt` is among them. */
  readonly packs: ReadonlyMap<string, RuleSet>
  readonly masterKeys: Pick<MasterKeys, 'open' | 'sealer' | 'installationSecret'>
  readonly clock: () => number
  readonly audit: AuditRecorder
  /** Null: the installation has no application to consent to. */
  readonly consent: ConsentDeps | null
  readonly registry: Pick<KeyRegistry, 'confirm'>
  /** For tests of consumers. */
  readonly peerDeps: PeerDeps
}
