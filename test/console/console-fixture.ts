/** A tenant with three people whose calendars are files, and a browser in which somebody is signed in to its console. */
import type { Test } from 'tap'
import type { Config } from '../../src/config.ts'
import {
  type ConsoleBrowser,
  type OpenedPage,
  type OpenPageOptions,
  openBrowser
} from '../support/browser.ts'
import { startTestService, type TestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

export interface ConsoleFixture {
  readonly service: TestService
  readonly browser: ConsoleBrowser
  /** Opens a place of the console, signed in with the key. */
  signIn(place: string, options?: OpenPageOptions & { key?: string }): Promise<OpenedPage>
}

const HOUR_MS = 3_600_000

/** A subject that a lunch trigger of the pack takes; it must never be shown. */
export const subjectOfAnna = 'Lunch with the lawyer about the divorce'

/** Null where no browser is installed, which was printed. */
export async function openConsole(t: Test, config: Partial<Config> = {}): Promise<ConsoleFixture | null> {
  const browser = await openBrowser(t)
  if (browser === null) return null
  const service = await startTestService(t, config)
  await service.tenant('acme', { name: 'Acme AB' })
  const { call } = service
  await call('PUT', '/v1/tenants/acme/rules', { pack: 'infracom' })
  await call('PUT', '/v1/tenants/acme/connection', { kind: 'ics', pollSeconds: 10 })
  const now = Date.now()
  await service.calendar('acme', 'anna.ics', vevent(subjectOfAnna, now - HOUR_MS, now + HOUR_MS))
  await service.calendar('acme', 'bo.ics', vevent('Lunsj ute', now - HOUR_MS, now + 2 * HOUR_MS))
  await call('PUT', '/v1/tenants/acme/users/anna', person('Anna Ek', '1070', 'anna.ics'))
  await call('PUT', '/v1/tenants/acme/users/bo', person('Bo Öst', '1071', 'bo.ics'))
  await call('PUT', '/v1/tenants/acme/users/cia', person('Cia Åberg', '1072', 'missing.ics'))
  await until(async () => {
    const { body } = await call('GET', '/v1/tenants/acme/statuses')
    return body.statuses[0].diversion === 'lunch' && body.statuses[1].sync.state === 'fresh'
  })
  return {
    service,
    browser,
    async signIn(place, { key = service.key, ...options } = {}) {
      const opened = await browser.open(options)
      await opened.page.addInitScript({ content: signInScript(key) })
      await opened.page.goto(`${service.origin}/console/${place}`)
      return opened
    }
  }
}

function person(displayName: string, extension: string, mailbox: string) {
  return { displayName, extension, mailbox, syncEnabled: true }
}

/** Before any page is drawn: as if the key had been typed. */
export function signInScript(key: string): string {
  return `sessionStorage.setItem('hanvisa.key', ${JSON.stringify(key)})`
}
