/** The columns of a sheet of users: members as the API names them, in the order in which they are exported. */

export const csvColumns = [
  'user',
  'displayName',
  'extension',
  'numbers',
  'mailbox',
  'owner',
  'syncEnabled',
  'timeZone'
] as const
export type CsvColumn = (typeof csvColumns)[number]

export const userSheet = {
  columns: csvColumns,
  required: ['user', 'displayName', 'extension', 'syncEnabled'] as const,
  holds: 'user'
}
