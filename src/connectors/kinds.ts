/** The table of connection kinds. A further kind is one record here; what the service must know of it stands in the record. */
import { caldavKind } from './caldav/kind.ts'
import type { ConnectionKind, ConnectorKind } from './connector-kind.ts'
import { ewsKind } from './ews/kind.ts'
import { graphKind } from './graph/kind.ts'
import { icsKind } from './ics/kind.ts'

export const connectorKinds: { readonly [K in ConnectionKind]: ConnectorKind<K> } = {
  graph: graphKind,
  ews: ewsKind,
  ics: icsKind,
  caldav: caldavKind
}

/** The record of a connection or of a body. */
export function kindOf<K extends ConnectionKind>({ kind }: { readonly kind: K }): ConnectorKind<K> {
  return connectorKinds[kind] as ConnectorKind<K>
}
