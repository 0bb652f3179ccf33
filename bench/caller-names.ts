/** Half a million contacts in the embedded store: how long a look-up takes, and what each costs in memory and on disk. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CallerNames } from '../src/caller-names/caller-names.ts'
import { ContactDigests, sealContact } from '../src/caller-names/contact-seal.ts'
import { packFolder } from '../src/composition.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { defaultRules } from '../src/management/resolve-rules.ts'
import { StatusService } from '../src/status/status-service.ts'
import { openLmdb } from '../src/storage/lmdb/lmdb.ts'
import { sealer } from '../src/storage/secrets/seal.ts'
import { usedBytes } from './memory.ts'
import { printRow } from './paired-runs.ts'

const CONTACTS = 500_000
const CONTACTS_PER_WRITE = 1000
const LOOKUPS = 20_000
const LIST = 'shared/bench'

/** Swedish mobile numbers, all of them valid. */
const numberOf = (index: number) => `+4670${String(1_000_000 + index).padStart(7, '0')}`

export async function benchCallerNames(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  const store = await openLmdb({ folder })
  try {
    const installationSecret = randomBytes(32)
    const seal = sealer(randomBytes(32))
    const at = Date.now()
    await store.saveTenant(
      { id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv', country: 'SE' },
      at
    )
    const shared = { list: LIST, contacts: CONTACTS, numbers: CONTACTS, importedAt: at }
    await store.contacts.saveSettings('acme', { strip: [], shared, changedAt: at })
    const digests = new ContactDigests(installationSecret, 'acme')
    const before = await usedBytes()
    for (let from = 0; from < CONTACTS; from += CONTACTS_PER_WRITE) {
      const some = Array.from({ length: CONTACTS_PER_WRITE }, (_, place) => {
        const index = from + place
        const names = {
          person: `Karin Berg ${index}`,
          company: 'Acme AB',
          numbers: [numberOf(index)],
          mainNumbers: []
        }
        const options = { tenant: 'acme', list: LIST, changedAt: at, digests, sealer: seal, isListed: true }
        return sealContact(names, { ...options, id: index.toString(36) })
      })
      await store.contacts.save('acme', LIST, some)
    }
    const rules = defaultRules(await loadPacks(packFolder))
    const statusService = new StatusService({ store, defaultRules: rules })
    const names = new CallerNames({ contacts: store.contacts, unsealer: seal, installationSecret })
    const view = (await statusService.view('acme'))!
    const known = await timeLookups((index) =>
      names.find(view, { tenant: 'acme', number: numberOf((index * 7919) % CONTACTS), user: null })
    )
    const unknown = await timeLookups((index) =>
      names.find(view, { tenant: 'acme', number: `+46731${String(index).padStart(6, '0')}`, user: null })
    )
    const perContact = ((await usedBytes()) - before) / CONTACTS
    const label = `${CONTACTS.toLocaleString('en')} contacts`
    printRow(
      `caller’s name, ${label}, p99`,
      `${known.p99.toFixed(2)} ms`,
      `${unknown.p99.toFixed(2)} ms`,
      '–',
      '≤ 5 ms'
    )
    printRow(
      `caller’s name, ${label}, median`,
      `${known.median.toFixed(3)} ms`,
      `${unknown.median.toFixed(3)} ms`,
      '–',
      '–'
    )
    printRow('memory per contact', `${Math.max(0, perContact).toFixed(1)} B`, '–', '–', '≤ 200 B')
    const { size } = await stat(join(folder, 'data.mdb')).catch(() => stat(join(folder, 'store', 'data.mdb')))
    printRow('file per contact', `${(size / CONTACTS).toFixed(0)} B`, '–', '–', '–')
    await statusService.close()
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
}

/** Milliseconds; the baseline is a number that nobody has. */
async function timeLookups(
  look: (index: number) => Promise<unknown>
): Promise<{ readonly median: number; readonly p99: number }> {
  const times: number[] = []
  for (let index = 0; index < LOOKUPS; index++) {
    const start = performance.now()
    await look(index)
    times.push(performance.now() - start)
  }
  times.sort((one, other) => one - other)
  return { median: times[LOOKUPS >> 1]!, p99: times[Math.floor(LOOKUPS * 0.99)]! }
}
