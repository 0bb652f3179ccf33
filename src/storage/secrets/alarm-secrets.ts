/** For what an alarm recipient's secrets are sealed: each opens for its owner, its recipient and its member alone. */

/** `tenant` is null for the provider. No id of a tenant or a recipient holds a slash. */
export function alarmPurpose(tenant: string | null, recipient: string, member: 'to' | 'secret'): string {
  return `alarm/${tenant ?? '*'}/${recipient}/${member}`
}
