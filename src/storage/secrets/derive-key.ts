/** Keys that follow from the installation's secret (RFC 5869): the same in every process, and after a rotation of the master key. */
import { hkdfSync } from 'node:crypto'

/** 32 bytes, another key for each purpose. */
export function deriveKey(installationSecret: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', installationSecret, '', purpose, 32))
}
