/** Reading from Exchange with every right, and what operators see where less can be read than is wanted. */

import type { Right } from '../../../simulator/calendar-item.ts'
import type { Connector } from '../../../src/connectors/connector.ts'
import t from '../../group/tap.ts'
import { hangSignal } from '../../support/until.ts'
import { exchangeMeeting, exchangeWeek, isCall, openExchange, outcomesOf, readErrorOf } from './exchange.ts'

t.test('delegate: the level that comes back is the rights check, mailbox by mailbox', async (t) => {
  const { put, install, connector, read } = await openExchange(t, 'delegate')
  const levels: Right[] = ['none', 'freeBusy', 'limitedDetails', 'reviewer', 'fullAccess']
  for (const right of levels)
    put(`${right}@example.se`, { right }, exchangeMeeting('MÖT: budget'), exchangeMeeting('Inställt: lunch'))
  const asked = levels.map((right) => `${right}@example.se`)
  const [none, freeBusy, ...detailed] = await read(connector(), asked)
  t.match(readErrorOf(none), { code: 'access_denied', scope: 'mailbox', hint: /'none@example.se'.*Reviewer/ })
  t.match(freeBusy, {
    outcome: 'read',
    detail: 'availability',
    partialRead: { code: 'subject_not_readable' }
  })
  if (freeBusy?.outcome === 'read') {
    t.same(
      freeBusy.events.map(({ subject, busy }) => [subject, busy]),
      [
        ['', 'busy'],
        ['', 'busy']
      ]
    )
    const hint = freeBusy.partialRead?.hint ?? ''
    t.match(
      hint,
      /grant Reviewer on the calendar: Get-MailboxFolderStatistics -Identity 'freeBusy@example.se'/
    )
    t.match(hint, /FolderId\) -User 'HANVISA\\svc-hanvisa' -AccessRights Reviewer/)
  }
  for (const reading of detailed) {
    t.match(reading, { outcome: 'read', detail: 'subjects-only', partialRead: null })
    t.match(reading, {
      events: [
        { subject: 'MÖT: budget', cancelled: false },
        // Which subjects say that an event is cancelled is for the rules.
        { subject: 'Inställt: lunch', cancelled: false }
      ]
    })
  }
  const plain = await read(connector(), asked.slice(1), { subjects: false })
  for (const reading of plain)
    t.match(reading, { detail: 'availability', partialRead: null }, 'no more was asked for')
  install({ version: '2007_SP1' })
  const [old] = await read(connector(), ['freeBusy@example.se'])
  t.match(old, { partialRead: { hint: /Add-MailboxPermission -Identity .* -AccessRights FullAccess/ } })
})

t.test(
  'impersonation: a user who may not be impersonated, is unknown, or has no address fails alone',
  async (t) => {
    const { simulator, put, install, connector, read } = await openExchange(t, 'impersonation')
    const account = { user: 'svc-hanvisa', password: 'hemligt ✓', address: 'svc-hanvisa@example.se' }
    install({ accounts: [{ ...account, impersonates: ['a@example.se', 'upn@corp.example'] }] })
    for (const name of ['a', 'b'])
      put(`${name}@example.se`, {}, exchangeMeeting('MÖT', { sensitivity: 'private' }))
    const [a, b, none, bad] = await read(connector(), [
      'a@example.se',
      'b@example.se',
      'x@example.se',
      'Kalle'
    ])
    t.match(a, { outcome: 'read', detail: 'subjects', events: [{ subject: 'MÖT', visibility: 'private' }] })
    t.match(readErrorOf(b), {
      code: 'access_denied',
      scope: 'mailbox',
      hint: /New-ManagementRoleAssignment .*ApplicationImpersonation -User 'HANVISA\\svc-hanvisa'.*ErrorImpersonateUserDenied/
    })
    t.match(readErrorOf(none), { code: 'mailbox_unknown', scope: 'mailbox', hint: /x@example.se/ })
    t.match(readErrorOf(bad), { code: 'mailbox_unknown', hint: /SMTP/ })
    t.equal(simulator.requests.list({ mailbox: 'Kalle' }).length, 0)
  }
)

t.test('impersonation: a sign-in name that is no address is found as such, and remembered', async (t) => {
  const { simulator, install, connector, read } = await openExchange(t, 'impersonation')
  install({})
  simulator.mailboxes.put('0a4b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d', {
    address: 'anna.ek@example.se',
    userPrincipalName: 'anek@corp.example',
    events: [exchangeMeeting('MÖT')]
  })
  const one = connector()
  t.same(outcomesOf(await read(one, ['anek@corp.example'])), [['MÖT']])
  simulator.requests.clear()
  t.same(outcomesOf(await read(one, ['anek@corp.example'])), [['MÖT']])
  t.equal(simulator.requests.list().filter(isCall).length, 1)
})

t.test('impersonation: a view that was cut is read to its end, each event once', async (t) => {
  const { put, install, connector, read } = await openExchange(t, 'impersonation')
  install({ findCount: 40 })
  const begin = (index: number) => new Date(exchangeWeek.start + index * 3_600_000).toISOString()
  const events = Array.from({ length: 150 }, (_, index) =>
    exchangeMeeting(`Nr ${index}`, { start: begin(index), end: begin(index + 5) })
  )
  put('a@example.se', {}, ...events)
  const [reading] = await read(connector(), ['a@example.se'])
  const subjects = reading?.outcome === 'read' ? reading.events.map(({ subject }) => subject) : []
  t.equal(subjects.length, 150)
  t.equal(new Set(subjects).size, 150)
  put('a@example.se', {}, ...Array.from({ length: 50 }, (_, index) => exchangeMeeting(`Nr ${index}`)))
  t.match(readErrorOf((await read(connector(), ['a@example.se']))[0]), {
    code: 'protocol_error',
    hint: /thin/
  })
})

t.test(
  'delegate: a hundred and more mailboxes, one call for each hundred, also for those away for long',
  async (t) => {
    const { simulator, put, connector, read } = await openExchange(t, 'delegate')
    const mailboxes = Array.from({ length: 100 }, (_, index) => `u${index}@example.se`)
    const leave = { start: '2026-11-02', end: '2027-03-01', allDay: true, showAs: 'oof' } as const
    for (const [index, mailbox] of mailboxes.entries())
      put(mailbox, {}, exchangeMeeting(`Nr ${index}`), exchangeMeeting('VAB', leave))
    const one = connector()
    t.equal(one.batchSize, 100)
    const readings = await read(one, mailboxes)
    t.same(
      outcomesOf(readings),
      mailboxes.map((_, index) => [`Nr ${index}`, 'VAB'])
    )
    simulator.requests.clear()
    await read(one, mailboxes)
    t.same(
      simulator.requests.list().map(({ route, items }) => [route, items]),
      [['getUserAvailability', 100]],
      'what follows a long leave is not asked for each time'
    )
  }
)

t.test(
  'delegate: an error that is sent once for all is that of all, and a window that is too long is refused',
  async (t) => {
    const { simulator, put, connector, read } = await openExchange(t, 'delegate')
    for (const name of ['a', 'b']) put(`${name}@example.se`, {}, exchangeMeeting('MÖT'))
    const one = connector()
    const both = ['a@example.se', 'b@example.se']
    await read(one, both)
    const route = 'getUserAvailability'
    simulator.faults.add({ kind: 'ews', code: 'ErrorMailboxFailover', inMessages: true, count: 1, route })
    t.same(outcomesOf(await read(one, both)), ['unreachable', 'unreachable'])
    t.same(outcomesOf(await read(one, both)), [['MÖT'], ['MÖT']])
    const long = { window: { start: exchangeWeek.start, end: exchangeWeek.start + 63 * 86_400_000 } }
    t.match(readErrorOf((await read(one, both, long))[0]), { code: 'protocol_error', hint: /42 days/ })
  }
)

t.test('a corrupted reply is refused with a hint, one that is written otherwise is read', async (t) => {
  const { simulator, put, connector, read } = await openExchange(t, 'impersonation')
  put('a@example.se', {}, exchangeMeeting('Uppsägning av Kalle'))
  const one = connector()
  await read(one, ['a@example.se'])
  const after = async (garbage: 'html' | 'empty' | 'reprefixed' | 'concatenated' | 'entities' | 'deep') => {
    const fault = simulator.faults.add({ kind: 'garbage', garbage, route: 'findItem' })
    const [reading] = await read(one, ['a@example.se'])
    simulator.faults.remove(fault)
    if (reading?.outcome === 'failed')
      t.notMatch(`${reading.error.stack} ${reading.error.cause}`, /Kalle/, garbage)
    return reading
  }
  t.same(outcomesOf([(await after('reprefixed'))!]), [['Uppsägning av Kalle']])
  for (const garbage of ['html', 'empty', 'concatenated', 'entities', 'deep'] as const) {
    t.match(readErrorOf(await after(garbage)), { code: 'protocol_error' }, garbage)
  }
})

t.test('"test connection" says which step failed and what to do', async (t) => {
  const { simulator, put, install, connector, connection } = await openExchange(t, 'delegate')
  put('a@example.se', { right: 'reviewer' }, exchangeMeeting('x'))
  put('b@example.se', { right: 'freeBusy' }, exchangeMeeting('x'))
  const check = async (changes: Parameters<typeof connector>[0], mailbox = 'a@example.se') => {
    const checks = await stepsOf(connector(changes), mailbox)
    return {
      passed: checks.filter(({ ok }) => ok).map(({ name }) => name),
      failed: checks.find(({ ok }) => !ok)
    }
  }
  const all = ['connect', 'tls', 'sign-in', 'ews', 'rights', 'subjects']
  t.same((await check({})).passed, all)
  const at = (url: string) => ({ url })
  t.match((await check(at('https://mail.invalid/EWS/Exchange.asmx'))).failed, {
    name: 'name',
    code: 'unreachable'
  })
  t.match((await check(at('https://127.0.0.1:1/EWS/Exchange.asmx'))).failed, {
    name: 'connect',
    code: 'unreachable'
  })
  const { ca: _, ...bare } = connection
  t.match((await check({ ...bare, ca: undefined as never })).failed, { name: 'tls', hint: /`ca`/ })
  const wrong = { kind: 'ntlm', user: 'HANVISA\\svc-hanvisa', password: 'wrong' } as const
  t.match((await check({ auth: wrong })).failed, { name: 'sign-in', code: 'secret_invalid' })
  install({ version: '2010_SP3' })
  t.match((await check({ version: 'Exchange2016' })).failed, {
    name: 'ews',
    code: 'protocol_error',
    hint: /version/
  })
  install({})
  t.match((await check({}, 'nobody@example.se')).failed, { name: 'rights', code: 'mailbox_unknown' })
  t.match((await check({}, 'b@example.se')).failed, {
    name: 'subjects',
    code: 'subject_not_readable',
    hint: /Reviewer/
  })
  const fault = simulator.faults.add({ kind: 'status', status: 403, route: 'getUserAvailability' })
  t.match((await check({})).failed, { code: 'access_denied', hint: /EwsEnabled/ })
  simulator.faults.remove(fault)
})

function stepsOf(connector: Connector, mailbox: string) {
  return connector.check({ mailbox, timeZone: 'Europe/Stockholm' }, hangSignal())
}
