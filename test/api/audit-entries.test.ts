/** What entries of the audit say, and what never stands in them. */
import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { runAudit } from '../../src/cli/audit.ts'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'

const root = '/v1/tenants/acme'
const audit = `${root}/audit`
const service = await startTestService(t)
const { call, tenant, origin, key } = service
await tenant('acme')
await call('PUT', `${root}/rules`, { pack: 'infracom' })
const anna = { displayName: 'Anna Ek', extension: '1070', syncEnabled: false }

async function lastEntry(path = audit) {
  return (await call('GET', path)).body.entries.at(-1)
}

const bearer = (value: string) => ({ authorization: `Bearer ${value}` })

t.test('a change of a user says who, from where, and what was before and after', async (t) => {
  await call('PUT', `${root}/users/anna`, anna)
  const { body: operator } = await call('POST', `${root}/keys`, { name: 'Reception', role: 'operator' })
  const headers = { ...bearer(operator.key), 'x-forwarded-for': '198.51.100.9' }
  await call('PATCH', `${root}/users/anna`, { extension: '1071', numbers: ['+46701234567'] }, headers)
  const entry = await lastEntry()
  t.match(entry, {
    action: 'user.patch',
    outcome: 'done',
    actor: { kind: 'key', id: operator.id, name: 'Reception', role: 'operator' },
    address: '198.51.100.9',
    after: { saved: 1, created: 0 }
  })
  t.strictSame(
    entry.parts.map(({ part }: { part: unknown }) => part),
    [
      {
        user: 'anna',
        before: { extension: '1070', numbers: [] },
        after: { extension: '1071', numbers: ['+46701234567'] }
      }
    ]
  )
  const { position } = entry
  await call('PATCH', `${root}/users/anna`, { extension: '1071' }, headers)
  t.equal((await lastEntry()).position, position, 'what is as it was is no write')
})

t.test(
  'what a softphone does stands in the part about its user, and sensitive diversions are masked',
  async (t) => {
    const { body: phone } = await call('POST', `${root}/keys`, {
      name: 'Annas telefon',
      role: 'softphone',
      user: 'anna'
    })
    const made = await lastEntry()
    t.notOk(JSON.stringify({ ...made, parts: [] }).includes('Annas'))
    t.match(made.parts[0].part, { user: 'anna', after: { name: 'Annas telefon', role: 'softphone' } })

    const headers = { ...bearer(phone.key), 'x-forwarded-for': '203.0.113.5' }
    t.equal(
      (await call('PUT', `${root}/users/anna/override`, { diversion: 'sick', until: null }, headers)).status,
      200
    )
    const put = await lastEntry()
    t.match(put, {
      action: 'override.put',
      actor: { id: phone.id, name: null, role: 'softphone' },
      address: null
    })
    t.match(put.parts[0].part, {
      user: 'anna',
      before: null,
      after: { diversion: 'out-of-office', until: null },
      by: { key: 'Annas telefon', address: '203.0.113.5' }
    })
    await call('PUT', `${root}/users/anna/triggers/word/feber`, { diversion: 'sick' }, headers)
    const { text } = await call('GET', audit)
    t.notOk(text.includes('sick'))
    t.notOk(text.includes('feber'))
    await call('DELETE', `${root}/users/anna/override`, undefined, headers)
    t.notOk((await call('GET', audit)).text.includes('sick'))
  }
)

t.test('no secret is in it', async (t) => {
  const secret = 'hemligt-losenord-47'
  const connection = {
    kind: 'ews',
    url: 'https://mail.acme.example/EWS/Exchange.asmx',
    access: 'impersonation',
    auth: { kind: 'basic', user: 'svc', password: secret },
    pollSeconds: 60
  }
  const made = await call('PUT', `${root}/connection`, connection)
  t.ok(made.status < 300, made.text)
  await call('PATCH', `${root}/users/anna`, { mailbox: `https://calendars.example/${secret}.ics` })
  const { body: made2 } = await call('POST', `${root}/keys`, { name: 'Switch', role: 'switch' })
  const { text } = await call('GET', audit)
  t.ok(text.includes('"secrets":["auth/password"]'))
  for (const word of [secret, made2.key, 'losenord']) t.notOk(text.includes(word), word)
})

t.test('it is read by page, by who did it and by what', async (t) => {
  const { body: all } = await call('GET', audit)
  const first = (await call('GET', `${audit}?limit=2`)).body
  t.equal(first.entries.length, 2)
  const next = (await call('GET', `${audit}?limit=1000&after=${first.after}`)).body
  t.strictSame([...first.entries, ...next.entries], all.entries)
  const keys = (await call('GET', `${audit}?action=key.create`)).body.entries
  t.ok(keys.length > 0 && keys.every(({ action }: { action: string }) => action === 'key.create'))
  const [{ id } = { id: '' }] = (await call('GET', `${root}/keys`)).body.keys.filter(
    ({ name }: { name: string }) => name === 'Reception'
  )
  const byOne = (await call('GET', `${audit}?actor=${id}`)).body.entries
  t.ok(byOne.length > 0 && byOne.every(({ actor }: { actor: { id: string } }) => actor.id === id))
  t.equal((await call('GET', `${audit}?action=nothing`)).status, 400)
})

async function verify(lines: string, ...more: string[]) {
  const stdin = new PassThrough()
  stdin.end(lines)
  const said = { out: '', err: '' }
  const code = await runAudit(['verify', ...more], {
    stdin,
    stdout: {
      write: (text) => {
        said.out += text
      }
    },
    stderr: {
      write: (text) => {
        said.err += text
      }
    }
  })
  return { code, ...said }
}

t.test(
  'as lines it is verified outside, erased users or not, and what was tampered with shows',
  async (t) => {
    await call('PUT', `${root}/users/bo`, { ...anna, displayName: 'Bo' })
    await call('DELETE', `${root}/users/bo`)
    const response = await fetch(`${origin}${audit}`, {
      headers: { ...bearer(key), accept: 'application/x-ndjson' }
    })
    t.equal(response.headers.get('content-type'), 'application/x-ndjson')
    const text = await response.text()
    const lines = text.trimEnd().split('\n')
    const { position, hash } = JSON.parse(lines.at(-1)!).head
    const count = lines.length - 1
    t.equal(count, position)
    t.strictSame(await verify(text), {
      code: 0,
      out: `${count} entries hold, up to ${position}:${hash}.\n`,
      err: ''
    })
    const noted = JSON.parse(lines[2]!)
    t.equal((await verify(text, '--expect', `${noted.position}:${noted.hash}`)).code, 0)
    t.equal((await verify(text, '--expect', `${noted.position}:${hash}`)).code, 1)
    t.equal((await verify(text, '--expect', `${position + 1}:${hash}`)).code, 1)

    const edited = lines
      .with(3, lines[3]!.replace('"done"', '"failed"').replace('"begun"', '"failed"'))
      .join('\n')
    t.match(await verify(edited), { code: 1, err: /breaks at entry 4: edited/ })
    t.match(await verify(lines.toSpliced(3, 1).join('\n')), { code: 1, err: /breaks at entry 4: missing/ })
    t.match(await verify(lines.toSpliced(count - 1, 1).join('\n')), { code: 1, err: /cut off/ })
    const part = lines.map((line) => line.replace('"extension":"1071"', '"extension":"9999"')).join('\n')
    t.match(await verify(part), { code: 1, err: /part edited/ })
    const parts = [...lines.slice(0, 4), lines.at(-1), ...lines.slice(4)].join('\n')
    t.equal((await verify(parts)).code, 0, 'fetched in two parts')
    t.match(await verify(lines.slice(0, 4).join('\n')), { code: 0, out: /cannot be said/ })
    t.match(await verify(lines.slice(4).join('\n')), { code: 0 }, 'from the middle on')
    t.equal((await verify('', 'more', 'words')).code, 2)
    await t.rejects(verify('{"x":1}\n'), /Line 1 is no entry/)
  }
)

t.test(
  'refused keys are counted by address, and in the audit at the latest when the service ends',
  async (t) => {
    const given = { dataDir: t.testdir(), masterKey: randomBytes(32) }
    const first = await startTestService(t, given)
    for (let time = 0; time < 3; time++) {
      const headers = { ...bearer('hemlig-gissning-0123456789'), 'x-forwarded-for': '198.51.100.7' }
      t.equal((await first.call('GET', '/v1/tenants', undefined, headers)).status, 401)
    }
    await first.close()
    const second = await startTestService(t, given)
    const { body, text } = await second.call('GET', '/v1/audit')
    t.match(body.entries, [
      {
        action: 'key.refused',
        outcome: 'failed',
        actor: { kind: 'anonymous' },
        address: '198.51.100.7',
        after: { count: 3, reason: 'wrong key' }
      }
    ])
    t.notOk(text.includes('gissning'))
  }
)

t.test('of an erased user nothing is in it, and the chain holds', async (t) => {
  await call('DELETE', `${root}/users/anna`)
  const { text, body } = await call('GET', audit)
  for (const word of ['anna', 'Annas', '1071', '+46701234567', '203.0.113.5'])
    t.notOk(text.includes(word), word)
  t.match(body.entries.at(-1), { action: 'user.delete', after: { removed: 1 }, parts: [] })
  t.match((await call('GET', `${audit}/verification`)).body, { ok: true })
})
