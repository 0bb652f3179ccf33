/** The Lua scripts in scripts/, as text. tools/setup.mjs and the Dockerfile copy them beside the compiled files. */
import { readFileSync } from 'node:fs'

/** What every write is given before its own arguments. */
export interface ScriptHeader {
  /** The token of the tenant's lock, '' without one: a write under a lock that was lost is refused. */
  readonly token: string
  /** Milliseconds of Redis's own clock: a later write is refused, because the caller gave up. */
  readonly deadline: number
  readonly logLength: number
  readonly historyMs: number
  readonly channel: string
  /** The instant, as JSON. */
  readonly at: string
  /** The entry to append to the audit, '' for none (audit.ts). */
  readonly auditEntry: string
}

/** Each file is the script's name in kebab case. */
export const writeScripts = [
  'saveTenant',
  'removeTenant',
  'saveConnection',
  'saveRules',
  'saveUsers',
  'removeUsers',
  'saveImportProgress',
  'saveOverride',
  'saveAbsences',
  'saveReadings',
  'saveResealed',
  'trimHistory',
  'saveConsumer',
  'removeConsumer',
  'saveConsumerProgress',
  'saveCallerNames',
  'saveContacts',
  'saveResealedContacts',
  'removeContacts',
  'appendAudit'
] as const
export type WriteScript = (typeof writeScripts)[number]

export function writeScript(name: WriteScript): string {
  return readScript('prelude') + readScript(kebabCase(name))
}

/** Scripts on API keys; their files begin with api-keys.lua. */
export const apiKeyScripts = [
  'addApiKey',
  'replaceApiKey',
  'removeApiKey',
  'removeSomeApiKeys',
  'saveApiKeyUses'
] as const
export type ApiKeyScript = (typeof apiKeyScripts)[number]

export function apiKeyScript(name: ApiKeyScript): string {
  return readScript('api-keys') + readScript(kebabCase(name))
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The text of scripts/NAME.lua. */
export function readScript(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
}
