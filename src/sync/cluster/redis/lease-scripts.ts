/** The Lua scripts of leases in scripts/, as text. All keys of a group share a hash tag. */
import { readFileSync } from 'node:fs'

export const renewScript = readLeaseScript('renew-leases')
export const releaseScript = readLeaseScript('release-leases')
export const agesScript = readLeaseScript('read-lease-ages')

/** tools/copy-scripts.mjs copies scripts/ beside the compiled file. */
function readLeaseScript(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
}
