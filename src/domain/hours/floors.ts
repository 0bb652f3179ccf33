/** The floors of a tenant's users: one for all who keep the same hours in the same zone. */
import type { Catalogue } from '../catalogue.ts'
import { Floor } from './floor.ts'
import type { OfficeHours } from './office-hours.ts'

/** Of one user. Absent hours: the tenant's; no zone: the tenant's. */
export interface KeptHours {
  readonly officeHours?: OfficeHours
  readonly timeZone: string | null
}

export class Floors {
  readonly #ofTenant: OfficeHours | null
  readonly #timeZone: string
  readonly #catalogue: Catalogue
  readonly #known = new Map<string, Floor>()

  constructor(
    { officeHours, timeZone }: { readonly officeHours?: OfficeHours; readonly timeZone: string },
    catalogue: Catalogue
  ) {
    this.#ofTenant = officeHours ?? null
    this.#timeZone = timeZone
    this.#catalogue = catalogue
  }

  /** Null: neither the user nor the tenant has office hours. */
  of({ officeHours, timeZone }: KeptHours): Floor | null {
    const hours = officeHours ?? this.#ofTenant
    if (hours === null) return null
    const zone = hours.zone ?? timeZone ?? this.#timeZone
    const key = officeHours === undefined ? zone : `${zone} ${JSON.stringify(officeHours)}`
    let floor = this.#known.get(key)
    if (floor === undefined) {
      floor = new Floor(hours, zone, this.#catalogue)
      this.#known.set(key, floor)
    }
    return floor
  }
}
