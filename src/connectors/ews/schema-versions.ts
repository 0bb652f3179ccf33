/** The versions of EWS that a connection may name: RequestServerVersion, as Exchange writes it. */

/** 2010 SP3 speaks that of SP2; 2019 and SE speak that of 2016. What differs between them: client/versions.ts. */
export const ewsSchemas = [
  'Exchange2016',
  'Exchange2013_SP1',
  'Exchange2013',
  'Exchange2010_SP2',
  'Exchange2010_SP1',
  'Exchange2010',
  'Exchange2007_SP1'
] as const
export type EwsSchema = (typeof ewsSchemas)[number]
