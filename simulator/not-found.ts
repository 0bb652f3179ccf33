/** What the control API says of a tenant, mailbox or event that it does not have. */
import type { Directories, Directory } from './directories.ts'

export class NotHere extends Error {
  override readonly name = 'NotHere'
  readonly statusCode = 404
}

/** By id or domain. */
export function tenantNamed(directories: Directories, name: string): Directory {
  const directory = directories.find(name)
  if (!directory) throw new NotHere(`there is no tenant ${name}`)
  return directory
}
