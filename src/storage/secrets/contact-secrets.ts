/** What a contact's names are sealed for. */

export function contactPurpose(tenant: string, list: string): string {
  return `contact/${tenant}/${list}`
}
