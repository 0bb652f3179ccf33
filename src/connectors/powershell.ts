/** Arguments of the PowerShell commands that hints contain, to be pasted as they are. */

/**
 * A single-quoted string (about_Quoting_Rules): nothing in it is expanded. PowerShell takes typographic quotation marks for
 * quotation marks too, so each is doubled.
 */
export function quotePowerShell(argument: string): string {
  return `'${argument.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}
