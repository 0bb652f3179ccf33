/** What the control API says of a tenant, mailbox or event that it does not have. */
import type { EntraDirectories, EntraDirectory } from './directories.ts'

export class NotFound extends Error {
  override readonly name = 'NotHere'
  readonly statusCode = 404
}

/** By id or domain. */
export function requireDirectory(directories: EntraDirectories, name: string): EntraDirectory {
  const directory = directories.find(name)
  if (!directory) throw new NotFound(`there is no tenant ${name}`)
  return directory
}
