/** When a credential ends, who is warned of it and when, and what a refusal after that day says. */

import type { Check, Connector, ReadRequest, SubscriptionListener } from '../../src/connectors/connector.ts'
import {
  applicationCredential,
  credentialStatus,
  passwordCredential,
  secretExpiresFaults
} from '../../src/connectors/credential.ts'
import { withCredentialEnd } from '../../src/connectors/credential-end.ts'
import { RemoteError, type SyncCode } from '../../src/errors.ts'
import t from '../group/tap.ts'
import { hangSignal } from '../support/until.ts'
import { certificateOf } from './ews/certificates.ts'

const clientId = '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5'
const end = Date.parse('2026-12-31T00:00:00Z')
const day = 86_400_000
const secret = applicationCredential({ clientId }, '2026-12-31', '')

t.test('the days that are left, and from the thirtieth on what to do', async (t) => {
  const at = (daysBefore: number) => credentialStatus(secret, null, end - daysBefore * day)
  t.strictSame(at(31), { member: 'clientSecret', endsAt: end, daysLeft: 31, state: 'valid', hint: null })
  t.match(at(30), { daysLeft: 30, state: 'valid' })
  for (const [left, words] of [
    [29.5, 'in 29 days'],
    [14, 'in 14 days'],
    [1.5, 'in 1 day.'],
    [0.2, 'within a day']
  ] as const) {
    t.match(at(left), { daysLeft: Math.floor(left), state: 'expiring' })
    t.match(at(left).hint, `The client secret ends on 2026-12-31, ${words}`)
    t.match(at(left).hint, `Entra admin center (App registrations, ${clientId}, Certificates & secrets)`)
    t.match(at(left).hint, /"clientSecret" and its end as "secretExpires"/)
  }
  t.match(at(0), {
    daysLeft: 0,
    state: 'expired',
    hint: /^The client secret ended on 2026-12-31\. Make a new/
  })
  t.match(at(-9), { daysLeft: 0, state: 'expired' })
})

t.test('what the calendar system says counts for more than the day', async (t) => {
  for (const [code, state] of [
    ['secret_expired', 'expired'],
    ['secret_invalid', 'refused'],
    ['unreachable', 'valid']
  ] as [SyncCode, string][]) {
    t.match(credentialStatus(secret, { code, hint: 'Act.' }, end - 90 * day), {
      state,
      hint: state === 'valid' ? null : 'Act.'
    })
  }
})

t.test('an end that nobody stated', async (t) => {
  const unstated = applicationCredential({ clientId }, undefined, 'auth/')
  t.match(credentialStatus(unstated, null, 0), {
    member: 'auth/clientSecret',
    state: 'unknown',
    endsAt: null,
    daysLeft: null,
    hint: /state it as "secretExpires"/
  })
  t.match(credentialStatus(passwordCredential('ACME\\svc', undefined), null, 0), {
    state: 'unknown',
    hint: null
  })
  const stated = passwordCredential("ACME\\o'hara", '2026-12-31')
  t.match(credentialStatus(stated, null, end - day), {
    member: 'auth/password',
    hint: /The password ends on .* \(Set-ADAccountPassword -Identity 'o''hara' -Reset\)/
  })
  t.match(passwordCredential('svc@acme.example', undefined).renewal, "-Identity 'svc' -Reset")
})

t.test('a certificate states its own end', async (t) => {
  const { certificate: cert } = await certificateOf({})
  const credential = applicationCredential({ clientId, certificate: { certificate: cert } }, '2020-01-01', '')
  t.equal(credential.member, 'certificate')
  t.ok((credential.endsAt ?? 0) > Date.now(), 'what is stated beside it is not asked')
  t.match(
    credentialStatus(credential, null, (credential.endsAt ?? 0) - day).hint,
    /The certificate ends on .*Register a new/
  )
  t.equal(applicationCredential({ clientId, certificate: { certificate: 'x' } }, undefined, '').endsAt, null)
})

t.test('a day must be one of the calendar', async (t) => {
  for (const good of [undefined, '2026-12-31', '2028-02-29']) t.strictSame(secretExpiresFaults(good), [])
  for (const bad of ['2026-02-30', '2026-13-01', '0000-00-00']) {
    t.match(secretExpiresFaults(bad), [{ field: 'secretExpires', message: /such as 2027-06-30/ }], bad)
  }
})

/** Fails with the code, or passes. */
function connectorThat(code: SyncCode | null, scope: 'connection' | 'mailbox' = 'connection'): Connector {
  const error = code && new RemoteError(code, 'as before', { scope })
  const check: Check[] =
    code === null
      ? [{ name: 'sign-in', ok: true }]
      : [{ name: 'sign-in', ok: false, code, hint: 'as before' }]
  return {
    batchSize: 7,
    read: async ({ targets }) =>
      targets.map(() => (error ? { outcome: 'failed', error } : { outcome: 'unchanged' })),
    check: async () => check,
    fingerprints: async ({ targets }) => targets.map(() => 'print'),
    subscribe: (_request, listener) => {
      listener.onInactive(error)
      return { onNotification: () => {}, stop: () => {} }
    },
    close: async () => {}
  }
}

t.test(
  'refused after the day that was stated, it has expired, over every way to the calendar system',
  async (t) => {
    const signal = hangSignal()
    const target = { mailbox: 'anna@acme.example', timeZone: 'UTC' }
    const request: ReadRequest = { targets: [target], window: { start: 0, end: 1 }, subjects: true, signal }
    const codesAt = async (at: number, code: SyncCode, scope: 'connection' | 'mailbox' = 'connection') => {
      const connector = withCredentialEnd(connectorThat(code, scope), secret, () => at)
      const [read] = await connector.read(request)
      const [check] = await connector.check(target, signal)
      let reason: RemoteError | null = null
      const listener: SubscriptionListener = {
        onChange: () => {},
        onActive: () => {},
        onInactive: (error) => {
          reason = error
        }
      }
      connector.subscribe({ mailbox: target.mailbox, targetId: 'x' }, listener)
      const failed = read?.outcome === 'failed' ? read.error : null
      return { codes: [failed?.code, check?.code, (reason as RemoteError | null)?.code], hint: failed?.hint }
    }
    const expired = await codesAt(end, 'secret_invalid')
    t.strictSame(expired.codes, ['secret_expired', 'secret_expired', 'secret_expired'])
    t.match(
      expired.hint,
      /^The client secret ended on 2026-12-31\. Make a new client secret in the Entra admin center/
    )
    t.strictSame((await codesAt(end - 1, 'secret_invalid')).codes, [
      'secret_invalid',
      'secret_invalid',
      'secret_invalid'
    ])
    t.strictSame((await codesAt(end, 'unreachable')).codes, ['unreachable', 'unreachable', 'unreachable'])
    t.equal(
      (await codesAt(end, 'secret_invalid', 'mailbox')).codes[0],
      'secret_invalid',
      'of one mailbox alone'
    )
  }
)

t.test('a test that passes warns of the end, and of a date that cannot be right', async (t) => {
  const checksAt = async (at: number) => {
    const connector = withCredentialEnd(connectorThat(null), secret, () => at)
    return connector.check({ mailbox: 'a', timeZone: 'UTC' }, hangSignal())
  }
  const passed = { name: 'sign-in', ok: true }
  t.strictSame(await checksAt(end - 40 * day), [passed])
  t.match(await checksAt(end - 12 * day), [
    passed,
    { name: 'credential', ok: true, hint: /in 12 days.*Make a new/ }
  ])
  t.match(await checksAt(end), [
    passed,
    { name: 'credential', ok: true, hint: /sign-in works all the same.*correct "secretExpires"/ }
  ])
  const unstated = applicationCredential({ clientId }, undefined, '')
  const connector = connectorThat(null)
  t.equal(
    withCredentialEnd(connector, unstated, () => 0),
    connector
  )
  t.equal(
    withCredentialEnd(connector, null, () => 0),
    connector
  )
})
