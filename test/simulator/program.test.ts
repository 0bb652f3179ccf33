/** The simulator as a program of its own: unmodified clients reach it, and its control API edits what they see. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Agent, fetch } from 'undici'
import t from '../group/tap.ts'

const tenant = '0b3c9a52-1111-4d0e-9d3f-0a1b2c3d4e5f'

const program = startProgram(t)

t.test('msal-node and the Graph client, as they come, read it with NODE_EXTRA_CA_CERTS alone', async (t) => {
  const { origin, caFile, loginRoot, graphRoot, control } = await program
  t.equal(
    (await control('PUT', `/tenants/${tenant}`, { apps: [{ clientId: 'app', secret: 'right' }] })).status,
    200
  )
  const event = { subject: 'LUN: sill', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
  await control('PUT', `/tenants/${tenant}/mailboxes/anna@example.se`, {
    displayName: 'Anna Ek',
    events: [event]
  })
  // Nothing but the two packages: the authority comes by the environment, as an operator would give it.
  const script = `
    import { ConfidentialClientApplication } from '@azure/msal-node'
    import { Client } from '@microsoft/microsoft-graph-client'
    const app = new ConfidentialClientApplication({ auth: {
      clientId: 'app', clientSecret: 'right', authority: '${loginRoot}/${tenant}', knownAuthorities: ['${new URL(origin).host}']
    } })
    const { accessToken } = await app.acquireTokenByClientCredential({ scopes: ['${graphRoot}/.default'] })
    const client = Client.init({ baseUrl: '${graphRoot}', defaultVersion: 'v1.0',
      customHosts: new Set(['127.0.0.1']), authProvider: (done) => done(null, accessToken) })
    const page = await client.api('/users/anna@example.se/calendarView')
      .query({ startDateTime: '2026-11-23T00:00:00Z', endDateTime: '2026-11-24T00:00:00Z' }).select('subject').get()
    console.log(page.value[0].subject)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: caFile },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.equal(await firstLine(child), 'LUN: sill')
  const { body } = await control('GET', `/requests?tenant=${tenant}`)
  t.match(body.counts, [
    { tenant, route: 'discovery', status: 200, count: 1 },
    { tenant, route: 'token', status: 200, count: 1 },
    { tenant, route: 'calendarView', status: 200, count: 1 }
  ])
})

t.test('a person can put, see, change and remove everything over the control API', async (t) => {
  const { control } = await program
  await control('POST', '/reset')
  const status = async (method: string, path: string, body?: unknown) =>
    (await control(method, path, body)).status
  t.equal(await status('GET', `/tenants/${tenant}`), 404)
  t.equal(await status('PUT', `/tenants/${tenant}`, { domain: 'example.se', apps: [] }), 200)
  t.match((await control('GET', '/tenants')).body, [{ id: tenant, domain: 'example.se' }])

  const many = ['anna', 'bo'].map((name) => ({ address: `${name}@example.se` }))
  t.same((await control('PUT', `/tenants/example.se/mailboxes`, many)).body, { mailboxes: 2 })
  const events = `/tenants/${tenant}/mailboxes/anna@example.se/events`
  const event = { subject: 'Lunch', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
  const made = await control('POST', events, event)
  t.equal(made.status, 201)
  t.match(made.body, { ...event, id: String })
  t.equal(await status('PUT', `${events}/${made.body.id}`, { ...event, showAs: 'oof' }), 200)
  t.match((await control('GET', events)).body, [{ id: made.body.id, showAs: 'oof' }])
  t.match((await control('GET', `/tenants/${tenant}/mailboxes`)).body, [
    { events: 1, change: 2 },
    { events: 0 }
  ])
  t.equal(await status('DELETE', `${events}/${made.body.id}`), 204)
  t.equal(await status('DELETE', `${events}/${made.body.id}`), 404)
  t.equal(await status('DELETE', `/tenants/${tenant}/mailboxes/bo@example.se`), 204)

  const fault = await control('POST', '/faults', { kind: 'status', status: 429, retryAfter: '2.128', tenant })
  t.equal(fault.status, 201)
  t.match((await control('GET', '/faults')).body, [{ id: fault.body.id, kind: 'status', left: null }])
  t.equal(await status('DELETE', `/faults/${fault.body.id}`), 204)
  t.equal(await status('POST', '/reset'), 204)
  t.same((await control('GET', '/tenants')).body, [])
})

t.test('what is put wrong is refused with a sentence, and changes nothing', async (t) => {
  const { control } = await program
  await control('POST', '/reset')
  await control('PUT', `/tenants/${tenant}`, {})
  const mailbox = `/tenants/${tenant}/mailboxes/anna@example.se`
  await control('PUT', mailbox, { timeZone: 'Europe/Oslo' })
  const event = { start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
  const cases: [string, string, unknown, RegExp][] = [
    ['PUT', mailbox, { timeZone: 'Mars/Olympus' }, /Mars\/Olympus/],
    ['PUT', mailbox, { timezone: 'Europe/Oslo' }, /additional properties/],
    ['PUT', mailbox, { events: [event, { ...event, end: 'noon' }] }, /noon/],
    ['POST', `${mailbox}/events`, { ...event, start: '2026-11-23T11:00:00' }, /with offset/],
    ['POST', `${mailbox}/events`, { ...event, allDay: true }, /a date/],
    ['POST', `${mailbox}/events`, { ...event, end: '2026-11-22T11:00:00Z' }, /too early/],
    ['POST', `${mailbox}/events`, { ...event, recurrence: { every: 'day', until: 'never' } }, /never/],
    ['POST', `${mailbox}/events`, { ...event, showAs: 'away' }, /allowed values/],
    ['PUT', `/tenants/${tenant}/mailboxes/bo@example.se`, { aliases: ['anna@example.se'] }, /belongs to/],
    ['PUT', `/tenants/${tenant}`, { apps: [{ clientId: 'x', certificates: ['none'] }] }, /PEM/],
    ['POST', '/faults', { kind: 'status', status: 200 }, /body/],
    ['POST', '/faults', { kind: 'earthquake' }, /body/]
  ]
  for (const [method, path, body, says] of cases) {
    const refused = await control(method, path, body)
    t.equal(refused.status, 400, JSON.stringify(body))
    t.match(refused.body.error, says)
  }
  t.match((await control('GET', `/tenants/${tenant}/mailboxes`)).body, [
    { timeZone: 'Europe/Oslo', events: 0, change: 0 }
  ])
  t.same((await control('GET', '/faults')).body, [])
})

async function startProgram(t: Tap) {
  const folder = t.testdir()
  const main = resolve('dist/simulator/main.js')
  const child = spawn(process.execPath, [main, '--port', '0', '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const said = JSON.parse(await firstLine(child))
  const agent = new Agent({ connect: { ca: await readFile(said.caFile, 'utf8') } })
  t.teardown(async () => {
    await agent.destroy()
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${said.control}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      dispatcher: agent
    })
    const text = await response.text()
    return { status: response.status, body: text && JSON.parse(text) }
  }
  return { ...said, control } as Record<'origin' | 'caFile' | 'loginRoot' | 'graphRoot', string> & {
    control: typeof control
  }
}

type Tap = Pick<typeof t, 'testdir' | 'teardown'>

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the child has no output')
  for await (const line of createInterface(child.stdout)) return line
  throw new Error('the child ended without a word')
}
