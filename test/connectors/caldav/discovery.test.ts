/** Finding the service by DNS (RFC 6764), and what an operator may state in its place. */

import { findDomainService } from '../../../src/connectors/caldav/discovery/service-discovery.ts'
import { caldavKind } from '../../../src/connectors/caldav/kind.ts'
import { fillTemplate, presetTemplate, templateFault } from '../../../src/connectors/caldav/presets.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'

type SrvRow = readonly [priority: number, weight: number, port: number, name: string]

const domainService = (srv: readonly SrvRow[], txt: readonly string[] = []) =>
  findDomainService('example.se', {
    resolveSrv: async () => srv.map(([priority, weight, port, name]) => ({ priority, weight, port, name })),
    resolveTxt: async () => txt.map((text) => [text])
  })

const hintOf = (search: Promise<unknown>) =>
  search.then(
    () => '',
    (error: unknown) => (error instanceof RemoteError ? error.hint : String(error))
  )

t.test('the domain’s records name host, port and path; without them it is the domain itself', async (t) => {
  t.equal(await domainService([]), 'https://example.se/')
  const two: SrvRow[] = [
    [10, 1, 443, 'b.example.se'],
    [0, 1, 8443, 'dav.example.se.']
  ]
  t.equal(await domainService(two, ['path=/SOGo/dav/']), 'https://dav.example.se:8443/SOGo/dav/')
  const weighed: SrvRow[] = [
    [0, 1, 443, 'a.example.se'],
    [0, 9, 443, 'b.example.se']
  ]
  t.equal(await domainService(weighed, ['v=spf1', 'path=//x y']), 'https://b.example.se/')
  const failing = () => Promise.reject(new Error('ENOTFOUND'))
  t.equal(
    await findDomainService('example.se', { resolveSrv: failing, resolveTxt: failing }),
    'https://example.se/'
  )
  t.match(await hintOf(domainService([[0, 0, 0, '.']])), /no CalDAV service/)
  t.match(
    await hintOf(domainService([[0, 0, 443, 'dav.hosting.example']])),
    /another domain.*https:\/\/dav\.hosting\.example\/.*"url"/
  )
  t.match(await hintOf(domainService([[0, 0, 443, 'evilexample.se']])), /another domain/)
})

t.test('a template names one user and cannot be led out of its folder', async (t) => {
  const fill = (template: string, mailbox: string) => fillTemplate(template, mailbox, 'svc@example.se')
  t.equal(fill('/dav/{mailbox}/', 'anna@example.se'), '/dav/anna@example.se/')
  t.equal(fill('/full-calendars/{domain}/{user}/', 'anna@example.se'), '/full-calendars/example.se/anna/')
  t.equal(fill('/full-calendars/{domain}/{user}/', 'anna'), null, 'no domain, no address')
  t.equal(
    fill('/c/{account}/personal_shared_by_{mailbox}/', 'åsa b'),
    '/c/svc@example.se/personal_shared_by_%C3%A5sa%20b/'
  )
  for (const mailbox of ['..', '.', '../bo', 'a/../../bo', '%2e%2e', 'a?b', 'a#b']) {
    const url = new URL(fill('/dav/{mailbox}/', mailbox)!, 'https://example.se/')
    t.match(url.pathname, /^\/dav\/[^/]+\/$/, mailbox)
    t.equal(url.search + url.hash, '')
  }
  t.equal(templateFault('/dav/{mailbox}/'), null)
  t.match(templateFault('/dav/x/'), /names no user/)
  t.match(templateFault('/dav/{mail}/{mailbox}'), /unknown name/)
  t.equal(
    presetTemplate('nextcloud', 'https://example.se/cloud/'),
    '/cloud/remote.php/dav/calendars/{account}/personal_shared_by_{mailbox}/'
  )
  t.equal(presetTemplate('sogo', 'https://example.se/SOGo/dav/'), '/SOGo/dav/{mailbox}/Calendar/personal/')
  t.equal(presetTemplate('radicale', 'https://example.se/radicale/'), '/radicale/{mailbox}/')
})

t.test('a connection that contradicts itself is refused by the member', async (t) => {
  const auth = { kind: 'basic', user: 'svc', password: 'x' } as const
  const url = 'https://dav.example.se/'
  const fields = (body: object) => caldavKind.validate({ kind: 'caldav', ...body }).map(({ field }) => field)
  t.same(fields({ url, auth }), [])
  t.same(fields({ domain: 'example.se', auth, preset: 'sogo' }), [])
  t.same(fields({ access: 'perUser' }), [])
  t.same(fields({}), ['auth', 'url'])
  t.same(fields({ url, domain: 'example.se', auth }), ['domain'])
  t.same(fields({ url: 'https://svc:x@dav.example.se/', auth }), ['url'])
  t.same(fields({ url: 'ftp://dav.example.se/', auth }), ['url'])
  t.same(fields({ url, auth, preset: 'sogo', userUrl: '/x/{mailbox}/' }), ['preset'])
  const elsewhere = [
    'https://dav.example.com/{mailbox}/',
    'https://dav.example.se.evil/{mailbox}/',
    'https://{mailbox}.example.se/',
    '//evil/{mailbox}/'
  ]
  for (const userUrl of elsewhere) t.ok(fields({ url, auth, userUrl }).includes('userUrl'), userUrl)
  t.same(fields({ url, auth, userUrl: 'https://dav.example.se/{user}/' }), [])
  t.same(fields({ url, auth, preset: 'sogo', freeBusyOnly: true }), ['freeBusyOnly'])
  t.same(fields({ access: 'perUser', url, auth }), ['url', 'auth'])
  t.same(fields({ url, auth, secretExpires: '2027-02-30' }), ['secretExpires'])
})
