/** The absences of one user: those that hold or are to come. */
import { api, dataOf, type Schemas } from '../api/client.ts'

export type Absence = Schemas['Absence']

export class AbsencesClient {
  readonly #path: { readonly tenant: string; readonly user: string }

  constructor(tenant: string, user: string) {
    this.#path = { tenant, user }
  }

  /** The earliest first. A user has at most 50. */
  async list(): Promise<readonly Absence[]> {
    const params = { path: this.#path, query: { limit: 100 } }
    const { absences } = await dataOf(api.GET('/v1/tenants/{tenant}/users/{user}/absences', { params }))
    return absences.toSorted((one, other) => Date.parse(one.from) - Date.parse(other.from))
  }

  async put({ absence, ...body }: Absence): Promise<void> {
    const params = { path: { ...this.#path, absence } }
    await dataOf(api.PUT('/v1/tenants/{tenant}/users/{user}/absences/{absence}', { params, body }))
  }

  async remove(absence: string): Promise<void> {
    const params = { path: { ...this.#path, absence } }
    await dataOf(api.DELETE('/v1/tenants/{tenant}/users/{user}/absences/{absence}', { params }))
  }
}
