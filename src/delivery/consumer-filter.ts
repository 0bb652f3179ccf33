/** Which users are a consumer's: all, or those with certain extensions. */

export type ConsumerUsers = 'all' | { readonly extension: readonly string[] }

/** `10*` stands for every extension that begins with 10. */
export function createFilter(users: ConsumerUsers): (extension: string) => boolean {
  if (users === 'all') return () => true
  const exact = new Set(users.extension.filter((text) => !text.endsWith('*')))
  const beginnings = users.extension.filter((text) => text.endsWith('*')).map((text) => text.slice(0, -1))
  return (extension) => exact.has(extension) || beginnings.some((begin) => extension.startsWith(begin))
}
