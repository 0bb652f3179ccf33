/** A tenant's rules: versions of what was put and what it came to; a diversion in use cannot go. */
import { isDeepStrictEqual } from 'node:util'
import type { Diversion } from '../domain/diversion.ts'
import { type LintFinding, lintInSteps } from '../domain/lint-rules.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { RequestError } from '../errors.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import { runInSlices } from '../lib/time-slices.ts'
import type { Author } from '../storage/author.ts'
import type { RulesVersion, Store } from '../storage/store.ts'
import { rejectCodesInUse } from './codes-in-use.ts'
import { DEFAULT_PACK } from './load-packs.ts'
import type { ManagementDeps } from './management-deps.ts'
import { type PageRequest, paginate } from './pagination.ts'
import type { Principal } from './principal.ts'
import { defaultRules, resolveRules, type StatedRules } from './resolve-rules.ts'
import { requireTenant } from './tenants.ts'

/** `version` and `effective` may stand as they were read, so that what was read can be edited and put back. */
export interface PutRulesBody extends StatedRules {
  readonly version?: number
  readonly effective?: RuleSet
}

/** What was put, and what it comes to with the pack's members filled in. */
export interface RulesResponse extends StatedRules {
  readonly version: number
  readonly effective: RuleSet
}

export interface RulesVersionList {
  readonly versions: readonly {
    readonly version: number
    readonly at: string
    /** Null: saved by a Hanvisa that did not record it. */
    readonly by: Author | null
    readonly put: StatedRules
    readonly effective: RuleSet
  }[]
  /** The version to go on after; absent when there is no more. */
  readonly after?: string
}

export interface PackList {
  readonly packs: readonly { readonly name: string; readonly rules: RuleSet }[]
  readonly after?: string
}

export interface VersionsRequest {
  readonly limit?: number
  readonly after?: number
}

export interface RuleManagement {
  /** `ifMatch`: the `If-Match` header, where there is one. */
  put(
    tenant: string,
    body: PutRulesBody,
    ifMatch: string | undefined,
    principal: Principal
  ): Promise<{ rules: RulesResponse; created: boolean }>
  /** Puts a version again, as it was resolved then. */
  restore(
    tenant: string,
    version: number,
    ifMatch: string | undefined,
    principal: Principal
  ): Promise<RulesResponse>
  get(tenant: string, version?: number): Promise<RulesResponse>
  /** What in the rules is allowed and hardly meant. `stated` without members: the rules in force. Nothing is saved. */
  lint(tenant: string, stated: StatedRules): Promise<readonly LintFinding[]>
  /** The catalogue in force. */
  diversions(tenant: string): Promise<readonly Diversion[]>
  /** Newest first. `after`: only those older than this version. */
  versions(tenant: string, page: VersionsRequest): Promise<RulesVersionList>
  /** By name. */
  packs(page: PageRequest): Promise<PackList>
}

export function createRuleManagement({ store, packs, clock }: ManagementDeps): RuleManagement {
  return {
    put: (tenant, body, ifMatch, principal) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const { version: statedVersion, effective: statedEffective, ...put } = body
        const before = await requireRules(store, packs, tenant)
        requireMatch(ifMatch, before)
        if (statedVersion !== undefined && statedVersion !== before.version)
          throw preconditionFailed(before.version)
        if (statedEffective !== undefined && !isDeepStrictEqual(statedEffective, before.effective)) {
          throw new RequestError('invalid_request', '', [
            { field: 'effective', message: 'is made of the other members: leave it out, and edit those' }
          ])
        }

        return save(
          store,
          tenant,
          before,
          { put: { ...put }, effective: resolveRules(put, packs) },
          principal
        )
      }),

    restore: (tenant, version, ifMatch, principal) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const before = await requireRules(store, packs, tenant)
        requireMatch(ifMatch, before)
        const former = await requireVersion(store, tenant, version)
        return (await save(store, tenant, before, former, principal)).rules
      }),

    async get(tenant, version) {
      await requireTenant(store, tenant)
      const newest = await requireRules(store, packs, tenant)
      if (version === undefined || version === newest.version) return toResponse(newest)
      return toResponse(await requireVersion(store, tenant, version))
    },

    async lint(tenant, stated) {
      const { language } = await requireTenant(store, tenant)
      const rules =
        Object.keys(stated).length === 0
          ? (await requireRules(store, packs, tenant)).effective
          : resolveRules(stated, packs)
      return runInSlices(lintInSteps(rules, language))
    },

    async diversions(tenant) {
      await requireTenant(store, tenant)
      return (await requireRules(store, packs, tenant)).effective.diversions
    },

    async versions(tenant, { after = Number.POSITIVE_INFINITY, ...page }) {
      await requireTenant(store, tenant)
      const { items, after: next } = await paginate(
        page,
        async ({ limit }) =>
          (await store.ruleVersions(tenant)).filter(({ version }) => version < after).slice(0, limit),
        ({ version, at, by = null, put, effective }) => ({
          version,
          at: formatInstant(at),
          by,
          put: put as StatedRules,
          effective
        }),
        ({ version }) => String(version)
      )
      return { versions: items, ...(next !== undefined && { after: next }) }
    },

    async packs(page) {
      const { items, after } = await paginate(
        page,
        async ({ limit, after = '' }) =>
          [...packs]
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .filter(([name]) => name > after)
            .slice(0, limit),
        ([name, rules]) => ({ name, rules }),
        ({ name }) => name
      )
      return { packs: items, ...(after !== undefined && { after }) }
    }
  }

  async function save(
    store: Store,
    tenant: string,
    before: RulesInForce,
    { put, effective }: Pick<RulesVersion, 'put' | 'effective'>,
    { kind, id, name }: Principal
  ): Promise<{ rules: RulesResponse; created: boolean }> {
    const same = isDeepStrictEqual(before.put, put) && isDeepStrictEqual(before.effective, effective)
    if (before.version > 0 && same) return { rules: toResponse(before), created: false }
    const at = clock()
    const gone = removedCodes(before.effective, effective)
    if (gone.size > 0) rejectCodesInUse(gone, await store.snapshot(tenant), at)
    const saved = await store.saveRules(tenant, before.version, {
      at,
      by: { kind, id, name },
      put,
      effective
    })
    if (saved === null) throw preconditionFailed(null)
    return { rules: toResponse(saved), created: saved.version === 1 }
  }
}

export async function requireVersion(store: Store, tenant: string, version: number): Promise<RulesVersion> {
  const found = version === 0 ? null : await store.rules(tenant, version)
  if (found !== null) return found
  throw new RequestError(
    'not_found',
    `There is no version ${version} of the rules (any more): see /rules/versions.`
  )
}

/** The rules in force for a tenant. Version 0: nothing was put, and the default pack holds as it is now. */
export async function requireRules(
  store: Store,
  packs: ReadonlyMap<string, RuleSet>,
  tenant: string
): Promise<RulesInForce> {
  return (await store.rules(tenant)) ?? defaultInForce(packs)
}

/** Version 0: the default pack as it is now. */
export function defaultInForce(packs: ReadonlyMap<string, RuleSet>): RulesInForce {
  return { version: 0, put: { pack: DEFAULT_PACK }, effective: defaultRules(packs) }
}

export type RulesInForce = Omit<RulesVersion, 'at' | 'by'> & Partial<Pick<RulesVersion, 'at' | 'by'>>

export function entityTag(version: number): string {
  return `"${version}"`
}

function requireMatch(ifMatch: string | undefined, { version }: RulesInForce): void {
  if (ifMatch !== undefined && !matchesEntityTag(ifMatch, version)) throw preconditionFailed(version)
}

/** RFC 9110 section 13.1.1: any of a list, compared strongly; `*` is any version at all. */
function matchesEntityTag(ifMatch: string, version: number): boolean {
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  return tags.includes(entityTag(version)) || (tags.includes('*') && version > 0)
}

function removedCodes(before: RuleSet, after: RuleSet): ReadonlySet<string> {
  const stay = new Set(after.diversions.map(({ code }) => code))
  return new Set(before.diversions.map(({ code }) => code).filter((code) => !stay.has(code)))
}

function preconditionFailed(version: number | null): RequestError {
  const now = version === null ? '' : ` (they are at version ${version})`
  return new RequestError(
    'precondition_failed',
    `The rules were changed by somebody else${now}: read them again and put your change upon that.`
  )
}

function toResponse({ version, put, effective }: RulesInForce): RulesResponse {
  return { ...(put as StatedRules), version, effective }
}
