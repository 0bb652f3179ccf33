/** The canary: a subject and a location are planted everywhere they can come in, and looked for everywhere. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { DIRECTORY, follow, serviceOnGraph, tenantOnGraph } from './running.ts'

const CANARY = 'kanariefågel'
const PLACE = 'Hemliga gatan'
/** As text, and as other writings would have it. */
const traces = [CANARY, PLACE].flatMap((word) => [
  Buffer.from(word),
  Buffer.from(word, 'latin1'),
  Buffer.from(word, 'utf16le'),
  Buffer.from(JSON.stringify(word).slice(1, -1)),
  Buffer.from(encodeURIComponent(word))
])

t.test('no subject and no location is in the store, a log, a metric, an answer or an error', async (t) => {
  const both = await serviceOnGraph(t)
  const { simulator, service } = both
  const now = Date.now()
  const iso = (minutes: number) => new Date(now + minutes * 60_000).toISOString()
  const secret = { subject: `MÖT ${CANARY}`, location: PLACE }
  simulator.mailboxes.put(DIRECTORY, {
    address: 'anna@acme.example',
    events: [
      { ...secret, start: iso(-10), end: iso(10) },
      { ...secret, start: iso(20), end: iso(30), sensitivity: 'private' },
      { ...secret, start: iso(40), end: iso(50), subject: CANARY, categories: [CANARY] }
    ]
  })
  for (const [user, fault] of [
    ['broken', { kind: 'garbage', garbage: 'truncatedJson' }],
    ['odd', { kind: 'garbage', garbage: 'wrongTypes' }]
  ] as const) {
    simulator.mailboxes.put(DIRECTORY, {
      address: `${user}@acme.example`,
      events: [{ ...secret, start: iso(-10), end: iso(10) }]
    })
    simulator.faults.add({ ...fault, mailbox: `${user}@acme.example` })
  }
  await tenantOnGraph(both, 'acme', ['anna', 'broken', 'odd'])
  const root = '/v1/tenants/acme'
  const consumer = await follow(service, 'acme')
  await consumer.until('all were tried', (held) => {
    const states = [...held.values()].map(({ sync }) => sync.state)
    return held.get('anna').sync.state === 'fresh' && !states.includes('never')
  })
  t.equal(consumer.held.get('anna').diversion, 'meeting', 'the subject did its work')

  const answers = await Promise.all(
    [
      ['GET', '/metrics'],
      ['GET', `${root}/statuses`],
      ['GET', `${root}/users/anna/status?explain=true`],
      ['GET', `${root}/users/anna/timeline?explain=true`],
      ['GET', `${root}/sync`],
      ['POST', `${root}/connection/test`],
      ['POST', `${root}/connection/test?user=odd`]
    ].map(([method, path]) => service.call(method!, path!))
  )
  const preview = await service.call('POST', `${root}/rules/preview`, {
    events: [
      { subject: secret.subject, start: iso(0), end: iso(1) },
      { subject: CANARY, start: 'x', end: iso(1) }
    ]
  })
  const previewOfCalendar = await service.call('POST', `${root}/rules/preview`, { user: 'anna' })
  t.equal(preview.status, 400)
  t.equal(previewOfCalendar.json.decisions.length, 3)
  answers.push(preview, previewOfCalendar)
  for (const { text } of answers) expectNone(t, Buffer.from(text), 'an answer')
  t.match(answers[3]!.json.intervals[1].rules, [{ from: 'tenant' }])
  t.notOk('text' in answers[3]!.json.intervals[1].rules[0], 'a private event’s rule is its source alone')

  await service.kill('SIGTERM')
  expectNone(t, Buffer.from(service.printed.join('\n')), 'the log')
  const files = (await readdir(service.folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile()
  )
  t.ok(files.length > 1, 'there is something to look at')
  for (const file of files) expectNone(t, await readFile(join(file.parentPath, file.name)), file.name)
})

function expectNone(t: { notOk(value: unknown, message: string): void }, bytes: Buffer, what: string): void {
  t.notOk(
    traces.some((trace) => bytes.includes(trace)),
    `${what} holds no trace`
  )
}
