/** The versions of Exchange that can be imitated: their builds, the schemas they take, and what they lack. */

export const versionNames = [
  '2007_SP1',
  '2010',
  '2010_SP1',
  '2010_SP2',
  '2010_SP3',
  '2013',
  '2013_SP1',
  '2016',
  '2019',
  'SE'
] as const
export type VersionName = (typeof versionNames)[number]

/** Values of RequestServerVersion, oldest first. */
export const exchangeSchemas = [
  'Exchange2007',
  'Exchange2007_SP1',
  'Exchange2010',
  'Exchange2010_SP1',
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2015',
  'Exchange2016'
] as const
export type ExchangeSchema = (typeof exchangeSchemas)[number]

export interface ExchangeVersion {
  readonly name: VersionName
  /** Major, minor, build, revision. */
  readonly build: readonly [number, number, number, number]
  /** The header's `Version`; null where there is none. */
  readonly label: string | null
  /** The newest schema that it takes. */
  readonly schema: ExchangeSchema
  /** Of a GetUserAvailability. */
  readonly mostDays: number
  /** EWSMaxConcurrency as it is out of the box; null where there is no throttling. */
  readonly atOnce: number | null
}

function version(
  name: VersionName,
  build: ExchangeVersion['build'],
  label: string | null,
  schema: ExchangeSchema,
  atOnce: number | null
): [VersionName, ExchangeVersion] {
  return [name, { name, build, label, schema, atOnce, mostDays: build[0] === 8 ? 42 : 62 }]
}

export const exchangeVersions: ReadonlyMap<VersionName, ExchangeVersion> = new Map([
  version('2007_SP1', [8, 1, 240, 5], null, 'Exchange2007_SP1', null),
  version('2010', [14, 0, 639, 21], 'Exchange2010', 'Exchange2010', 10),
  version('2010_SP1', [14, 1, 218, 15], 'Exchange2010_SP1', 'Exchange2010_SP1', 10),
  version('2010_SP2', [14, 2, 247, 5], 'Exchange2010_SP2', 'Exchange2010_SP2', 10),
  version('2010_SP3', [14, 3, 123, 3], 'Exchange2010_SP2', 'Exchange2010_SP2', 10),
  version('2013', [15, 0, 516, 29], 'V2_3', 'Exchange2013', 27),
  version('2013_SP1', [15, 0, 847, 31], 'V2_8', 'Exchange2013_SP1', 27),
  version('2016', [15, 1, 2507, 6], 'V2017_07_11', 'Exchange2016', 27),
  version('2019', [15, 2, 1118, 7], 'V2017_07_11', 'Exchange2016', 27),
  version('SE', [15, 2, 2562, 17], 'V2017_07_11', 'Exchange2016', 27)
])

export function supports(has: ExchangeSchema, wanted: ExchangeSchema): boolean {
  return exchangeSchemas.indexOf(has) >= exchangeSchemas.indexOf(wanted)
}

/** How a server says no to a RequestServerVersion; null when it takes it. Unknown values and newer ones are one to it. */
export function refusalOf({ build, schema }: ExchangeVersion, context: string): string | null {
  const known = exchangeSchemas.find((name) => name === context)
  if (known !== undefined && supports(schema, known)) return null
  // Seen: 2019 calls "Exchange2019" an invalid request (exchangelib#927), 2010 calls "Exchange2013" an invalid version.
  return build[0] === 15 && build[1] > 0 && known === undefined
    ? 'ErrorInvalidRequest'
    : 'ErrorInvalidServerVersion'
}
