/**
 * The specification: which role may make which call, written by hand. `+` it may; `-` it may not (403). For a softphone: `own` of
 * its own user, `shared` of its own user, and of the others with `colleagues`; `colleagues` with `colleagues` alone.
 */
import { ROLES, type Role } from '../../../src/management/principal.ts'

export const allowances = ['+', '-', 'own', 'shared', 'colleagues'] as const
export type Allowance = (typeof allowances)[number]

export interface RoleRow {
  readonly method: string
  /** As in the OpenAPI document. */
  readonly path: string
  readonly roles: Readonly<Record<Role, Allowance>>
}

const T = '/v1/tenants/{tenant}'
const U = `${T}/users/{user}`

//                                              provider operator switch softphone   business monitor
const text = `
GET     /metrics                                +        -        -      -           -        +
GET     /v1/health                              +        -        -      -           -        +
GET     /v1/me                                  +        +        +      +           +        +
POST    /sign-out                               +        +        -      -           -        -
GET     /v1/tenants                             +        -        -      -           -        -
GET     /v1/changes                             +        -        -      -           -        -
GET     /v1/events                              +        -        -      -           -        -
GET     /v1/packs                               +        +        -      -           -        -
GET     /v1/keys                                +        -        -      -           -        -
POST    /v1/keys                                +        -        -      -           -        -
GET     /v1/keys/{id}                           +        -        -      -           -        -
DELETE  /v1/keys/{id}                           +        -        -      -           -        -
POST    /v1/keys/{id}/rotate                    +        -        -      -           -        -
GET     /v1/alarms                              +        -        -      -           -        -
GET     /v1/alarms/settings                     +        -        -      -           -        -
PUT     /v1/alarms/settings                     +        -        -      -           -        -
POST    /v1/alarms/{cause}/mute                 +        -        -      -           -        -
GET     /v1/alarms/recipients                   +        -        -      -           -        -
GET     /v1/alarms/recipients/{recipient}       +        -        -      -           -        -
PUT     /v1/alarms/recipients/{recipient}       +        -        -      -           -        -
DELETE  /v1/alarms/recipients/{recipient}       +        -        -      -           -        -
POST    /v1/alarms/recipients/{recipient}/confirm +        -        -      -           -        -
POST    /v1/alarms/recipients/{recipient}/code  +        -        -      -           -        -
POST    /v1/alarms/recipients/{recipient}/test  +        -        -      -           -        -
POST    /v1/master-key/rotation                 +        -        -      -           -        -
GET     /v1/audit                               +        -        -      -           -        -
GET     /v1/audit/verification                  +        -        -      -           -        -
GET     ${T}                                    +        +        -      -           -        -
PUT     ${T}                                    +        +        -      -           -        -
DELETE  ${T}                                    +        -        -      -           -        -
GET     ${T}/audit                              +        +        -      -           -        -
GET     ${T}/audit/verification                 +        +        -      -           -        -
GET     ${T}/keys                               +        +        -      -           -        -
POST    ${T}/keys                               +        +        -      -           -        -
GET     ${T}/keys/{id}                          +        +        -      -           -        -
DELETE  ${T}/keys/{id}                          +        +        -      -           -        -
POST    ${T}/keys/{id}/rotate                   +        +        -      -           -        -
GET     ${T}/connection                         +        +        -      -           -        -
PUT     ${T}/connection                         +        +        -      -           -        -
DELETE  ${T}/connection                         +        +        -      -           -        -
POST    ${T}/connection/test                    +        +        -      -           -        -
POST    ${T}/connection/consent                 +        +        -      -           -        -
GET     ${T}/connections                        +        +        -      -           -        -
GET     ${T}/connections/{connection}           +        +        -      -           -        -
PUT     ${T}/connections/{connection}           +        +        -      -           -        -
DELETE  ${T}/connections/{connection}           +        +        -      -           -        -
POST    ${T}/connections/{connection}/test      +        +        -      -           -        -
GET     ${T}/users                              +        +        -      -           -        -
GET     ${U}                                    +        +        -      -           -        -
PUT     ${U}                                    +        +        -      -           -        -
PATCH   ${U}                                    +        +        -      -           -        -
GET     ${U}/export                             +        +        -      -           -        -
DELETE  ${U}                                    +        +        -      -           -        -
GET     ${T}/import                             +        +        -      -           -        -
POST    ${T}/users/import                       +        +        -      -           -        -
GET     ${T}/users/export                       +        +        -      -           -        -
GET     ${U}/triggers                           +        +        -      own         -        -
PUT     ${U}/triggers/{match}/{text}            +        +        -      own         -        -
DELETE  ${U}/triggers/{match}/{text}            +        +        -      own         -        -
GET     ${T}/rules                              +        +        -      -           -        -
PUT     ${T}/rules                              +        +        -      -           -        -
GET     ${T}/rules/versions                     +        +        -      -           -        -
GET     ${T}/rules/versions/{version}/diff/{other}  +        +        -      -           -        -
GET     ${T}/rules/versions/{version}           +        +        -      -           -        -
POST    ${T}/rules/versions/{version}/restore   +        +        -      -           -        -
POST    ${T}/rules/lint                         +        +        -      -           -        -
POST    ${T}/rules/preview                      +        +        -      -           -        -
GET     ${T}/diversions                         +        +        +      +           -        -
GET     ${T}/statuses                           +        +        +      colleagues  -        -
GET     ${T}/changes                            +        +        +      colleagues  -        -
GET     ${T}/events                             +        +        +      colleagues  -        -
GET     ${T}/extensions/{extension}/status      +        +        +      colleagues  -        -
GET     ${U}/status                             +        +        +      shared      -        -
GET     ${U}/timeline                           +        +        +      own         -        -
PUT     ${U}/override                           +        +        +      own         -        -
DELETE  ${U}/override                           +        +        +      own         -        -
GET     ${U}/absences                           +        +        +      own         -        -
GET     ${U}/absences/{absence}                 +        +        +      own         -        -
PUT     ${U}/absences/{absence}                 +        +        +      own         -        -
DELETE  ${U}/absences/{absence}                 +        +        +      own         -        -
POST    ${T}/absences/import                    +        +        -      -           -        -
GET     ${T}/consumers                          +        +        -      -           -        -
GET     ${T}/consumers/{consumer}               +        +        -      -           -        -
PUT     ${T}/consumers/{consumer}               +        +        -      -           -        -
DELETE  ${T}/consumers/{consumer}               +        +        -      -           -        -
GET     ${T}/consumers/{consumer}/users         +        +        -      -           -        -
POST    ${T}/consumers/{consumer}/test          +        +        -      -           -        -
POST    ${T}/consumers/{consumer}/pause         +        +        -      -           -        -
POST    ${T}/consumers/{consumer}/resume        +        +        -      -           -        -
POST    ${T}/consumers/{consumer}/replay        +        +        -      -           -        -
PUT     ${T}/caller-names                       +        +        -      -           -        -
GET     ${T}/caller-names                       +        +        -      -           -        -
DELETE  ${T}/caller-names                       +        +        -      -           -        -
POST    ${T}/contacts/import                    +        +        -      -           -        -
DELETE  ${T}/contacts                           +        +        -      -           -        -
GET     ${T}/names                              +        +        +      colleagues  -        -
GET     ${T}/names.txt                          +        +        +      colleagues  -        -
GET     ${T}/phonebook.xml                      +        +        +      colleagues  -        -
POST    ${T}/phonebook.xml                      +        +        +      colleagues  -        -
GET     ${T}/sync                               +        +        -      -           -        -
POST    ${T}/sync                               +        +        -      -           -        -
GET     ${T}/alarms                             +        +        -      -           -        -
GET     ${T}/alarms/settings                    +        +        -      -           -        -
PUT     ${T}/alarms/settings                    +        +        -      -           -        -
POST    ${T}/alarms/{cause}/mute                +        +        -      -           -        -
GET     ${T}/alarms/recipients                  +        +        -      -           -        -
GET     ${T}/alarms/recipients/{recipient}      +        +        -      -           -        -
PUT     ${T}/alarms/recipients/{recipient}      +        +        -      -           -        -
DELETE  ${T}/alarms/recipients/{recipient}      +        +        -      -           -        -
POST    ${T}/alarms/recipients/{recipient}/confirm +        +        -      -           -        -
POST    ${T}/alarms/recipients/{recipient}/code +        +        -      -           -        -
POST    ${T}/alarms/recipients/{recipient}/test +        +        -      -           -        -
`

export const roleTable: readonly RoleRow[] = text
  .trim()
  .split('\n')
  .map((line) => {
    const [method = '', path = '', ...cells] = line.split(/\s+/)
    const roles = Object.fromEntries(
      ROLES.map((role, index) => {
        const allowance = allowances.find((known) => known === cells[index])
        if (allowance === undefined) throw new Error(`the row of ${method} ${path} lacks the cell of ${role}`)
        return [role, allowance]
      })
    ) as Record<Role, Allowance>
    return { method, path, roles }
  })

/** Open without a key. */
export const publicCalls: readonly string[] = [
  'GET /healthz',
  'GET /readyz',
  'GET /openapi.json',
  'GET /sign-in',
  'GET /sign-in/callback',
  'GET /consent/callback',
  'POST /notifications/graph/{keyId}/{tenant}/{targetId}'
]
