/** The gauge of API keys that end soon: in counts, because a key has an owner and a name that are nobody else's. */
import { Gauge, type Registry } from 'prom-client'

/** As the alerts on the credentials of connections. */
const HORIZON_DAYS = [1, 7, 14, 30]

/** `count` is asked at each scrape: how many keys end within so many days. */
export function addKeyHorizon(registers: Registry[], count: (days: number) => number): void {
  new Gauge({
    name: 'hanvisa_api_keys_ending',
    help: 'API keys that end within so many days, of the provider and of all tenants',
    labelNames: ['days'],
    registers,
    collect() {
      for (const days of HORIZON_DAYS) this.set({ days: String(days) }, count(days))
    }
  })
}
