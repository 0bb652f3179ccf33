/** How the records of the audit look as bytes. What is hashed is written by audit-chain.ts, whatever the bytes are. */
import type { AuditEntry, AuditHead, SaltedPart } from './audit.ts'
import { jsonCodec } from './codec.ts'
import { keptAuditEntry, keptAuditHead, keptAuditPart } from './kept-records.ts'

export const auditEntryRecord = jsonCodec<AuditEntry>(keptAuditEntry, (entry) => entry)

export const auditPartRecord = jsonCodec<SaltedPart>(keptAuditPart, ({ salt, part }) => ({ salt, part }))

export const auditHeadRecord = jsonCodec<AuditHead>(
  keptAuditHead,
  ({ position, hash, trimmed, trimmedHash }) => ({ position, hash, trimmed, trimmedHash })
)
