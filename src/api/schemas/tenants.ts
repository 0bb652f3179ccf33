/** Tenants as operators write and read them. */
import { Type } from 'typebox'
import { Strict, schemaOf } from '../../lib/json-schema.ts'
import type { PutTenantBody, TenantResponse } from '../../management/tenants.ts'
import { NullableOfficeHours, OfficeHoursSchema } from './office-hours.ts'
import { AfterParam, TenantId } from './params.ts'
import { NullableString, ref } from './types.ts'

const members = {
  name: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: '\\S',
    description: 'The customer’s name: 1 to 100 characters.',
    examples: ['Acme AB']
  }),
  timeZone: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'IANA name: where the tenant’s days begin, unless a user says otherwise.',
    examples: ['Europe/Stockholm']
  }),
  language: Type.String({
    pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$',
    maxLength: 35,
    description: 'BCP 47, such as `sv` or `en`: the language of labels and explanations.',
    examples: ['sv']
  }),
  directoryId: Type.Optional(
    Type.String({
      pattern: '^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|https?://[\\x21-\\x7e]{1,190})$',
      maxLength: 200,
      description:
        'Whose operators may sign in for this tenant: the tenant id of their Microsoft Entra directory, or the address of another ' +
        'issuer. Only the provider sets it; sent by others it changes nothing.',
      examples: ['72f988bf-86f1-41af-91ab-2d7cd011db47']
    })
  )
}

const country = {
  pattern: '^[A-Z]{2}$',
  description:
    'ISO 3166: whose numbers are written without `+`, for caller names. It is stated, never guessed from zone or language.',
  examples: ['SE']
}

const acme = { tenant: 'acme', name: 'Acme AB', timeZone: 'Europe/Stockholm', language: 'sv' }

export const PutTenantSchema = schemaOf<PutTenantBody>()(
  Strict(
    {
      tenant: Type.Optional(TenantId),
      ...members,
      country: Type.Optional(NullableString(country)),
      officeHours: NullableOfficeHours('Of everybody who has none of their own. Null or absent: none.')
    },
    {
      $id: 'TenantPut',
      description:
        'A tenant as it is to be. `tenant` may be left out; else it must be the id in the address.',
      examples: [{ name: acme.name, timeZone: acme.timeZone, language: acme.language }]
    }
  )
)

export const TenantSchema = schemaOf<TenantResponse>()(
  Strict(
    {
      tenant: TenantId,
      ...members,
      country: Type.Optional(Type.String(country)),
      officeHours: Type.Optional(ref(OfficeHoursSchema))
    },
    { $id: 'Tenant', description: 'A customer of this installation.', examples: [acme] }
  )
)

export const TenantListSchema = Strict(
  { tenants: Type.Array(ref(TenantSchema), { description: 'By id.' }), after: AfterParam },
  { $id: 'TenantList', description: 'A page of tenants.', examples: [{ tenants: [acme] }] }
)

export const tenantSchemas = [PutTenantSchema, TenantSchema, TenantListSchema]
