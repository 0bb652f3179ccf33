/** Walks the table of connection kinds: a kind that lacks a part, or leaks a secret, fails here. */
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createShapeCheck } from '../../src/api/validation.ts'
import type { ConnectionKind, ConnectorKind } from '../../src/connectors/connector-kind.ts'
import { connectorKinds } from '../../src/connectors/kinds.ts'
import { splitSecrets } from '../../src/storage/secrets/connection-secrets.ts'
import t from '../group/tap.ts'

const kinds = Object.entries(connectorKinds) as [ConnectionKind, ConnectorKind][]

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}

/** The paths of all members that a schema names, two levels deep: `auth`, `auth/password`. */
function pathsIn(schema: Schema, above = ''): string[] {
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    `${above}${name}`,
    ...(above === '' ? pathsIn(member, `${name}/`) : [])
  ])
  const forms = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap((form) => pathsIn(form, above))
  return [...new Set([...members, ...forms])]
}

for (const [name, kind] of kinds) {
  t.test(`the kind ${name}`, async (t) => {
    const put = pathsIn(kind.schemas.put as Schema)
    const response = pathsIn(kind.schemas.response as Schema)
    const isSecret = (path: string) =>
      kind.secretMembers.some((secret) => path === secret || path.startsWith(`${secret}/`))
    t.equal(kind.kind, name, 'stands under its own name')
    t.same(
      kind.secretMembers.filter((path) => !put.includes(path)),
      [],
      'names secrets that can be stated'
    )
    t.same(response.filter(isSecret), [], 'shows no secret')
    t.same(
      put.filter((path) => !response.includes(path) && !isSecret(path)),
      [],
      'shows everything that is no secret'
    )
    t.same(
      put.filter((path) => /secret$|password|privateKey|token/i.test(path) && !isSecret(path)),
      [],
      'seals whatever is named like a secret'
    )
    t.same(
      kind.destinationMembers.filter((path) => !put.includes(path)),
      [],
      'names destinations that can be stated'
    )
    t.notOk(
      kind.secretMembers.length > 0 && kind.destinationMembers.length === 0,
      'says where secrets are sent'
    )

    const { example } = kind.schemas
    t.same(createShapeCheck(kind.schemas.put, [])(example), [], 'has an example that its schema lets in')
    const body = example as never
    t.same(kind.validate(body), [], 'has an example that it finds nothing wrong with')
    const connection = kind.complete(body)
    t.equal(connection.kind, name)
    t.equal(connection.pollSeconds, kind.defaultPollSeconds, 'has an example with the default pace')
    const { open, secrets } = splitSecrets(connection, kind.secretMembers)
    t.notMatch(JSON.stringify(open), /your-/, 'keeps no secret of its example in clear')
    t.equal(Object.keys(secrets).length > 0, kind.requiredSecret(body) !== null, 'says which secret it needs')

    // Each kind passes the suite of the port in a file of its own, so that none is tested as another.
    await t.resolves(access(resolve(`test/connectors/${name}/contract.test.ts`)), 'passes the contract suite')
  })
}
