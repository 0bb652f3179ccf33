/** Who is calling, asked as switches and telephones ask: names, phone books, and what is left when they are turned off. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'

const root = '/v1/tenants/acme'
const csv = { 'content-type': 'text/csv' }

const sheet = [
  'name;company;numbers;companyNumbers',
  'Karin Berg;Åkes & Söner AB;070-123 45 67, +47 22 12 34 56;08-123 456 00',
  'Bo Kanariefågel;Åkes & Söner AB;08-123 456 00;',
  'Ann Ek;åkes & söner ab;;08-123 456 00',
  ';Taxi <Öst>;020-12 34 56;',
  'Nobody;;1070;',
  ';;070-123 45 68;',
  'Long;;070-123 45 69;;;x',
  ''
].join('\r\n')

/** A tenant with two users and its shared contacts, and keys by role. */
async function fill({ call, tenant }: TestService) {
  await tenant('acme', { country: 'SE' })
  await call('PUT', `${root}/users/anna`, {
    displayName: 'Anna Ek',
    extension: '1070',
    numbers: ['+46701112233'],
    syncEnabled: false
  })
  await call('PUT', `${root}/users/bo`, { displayName: 'Bo Alm', extension: '1071', syncEnabled: false })
  const key = async (body: object) =>
    (await call('POST', `${root}/keys`, { name: 'x', ...body })).body.key as string
  return {
    pbx: await key({ role: 'switch' }),
    softphone: await key({ role: 'softphone', user: 'anna', colleagues: true })
  }
}

function asker({ call }: TestService, key: string) {
  const authorization = `Bearer ${key}`
  return {
    name: async (number: string, more = '') =>
      call('GET', `${root}/names?number=${encodeURIComponent(number)}${more}`, undefined, { authorization }),
    text: async (number: string, more = '') =>
      call('GET', `${root}/names.txt?number=${encodeURIComponent(number)}${more}`, undefined, {
        authorization
      })
  }
}

/** Everything of a folder, or that a Redis holds. */
async function everythingIn(folder: string): Promise<Buffer> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const read = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name)))
  return Buffer.concat(await Promise.all(read))
}

for (const store of ['lmdb', 'Redis']) {
  t.test(`a caller’s name, on ${store}`, async (t) => {
    const redis = store === 'Redis' ? await startRedis(t) : null
    const service = await startTestService(t, redis === null ? {} : { redisUrl: redis.url })
    const { call } = service
    const { pbx, softphone } = await fill(service)
    const { name, text } = asker(service, pbx)

    await t.test('is nobody’s until it is turned on', async (t) => {
      t.match(await name('1070'), { status: 404, body: { detail: /caller-names turns them on/ } })
      t.equal((await call('GET', `${root}/phonebook.xml`)).status, 404)
      t.equal((await call('POST', `${root}/contacts/import`, sheet, csv)).status, 404)
      await service.tenant('stateless')
      const refused = await call('PUT', '/v1/tenants/stateless/caller-names', {})
      t.match(
        refused,
        { status: 400, body: { errors: [{ field: 'country' }] } },
        'the country is stated, never guessed'
      )
      t.equal((await call('PUT', `${root}/caller-names`, { strip: ['0'] })).status, 201)
      t.equal((await call('PUT', `${root}/caller-names`, { strip: ['0'] })).status, 200)
    })

    await t.test('is a colleague’s by extension and number, however the switch writes it', async (t) => {
      for (const number of ['1070', '0701112233', '46701112233', '+46 70-111 22 33', '00701112233']) {
        t.match((await name(number)).body, { name: 'Anna Ek', source: 'user' }, number)
      }
      t.equal((await name('0701112233')).body.number, '+46701112233')
      await call('PATCH', `${root}/users/bo`, { displayName: 'Bo Nyman', numbers: ['+46701112244'] })
      t.equal((await text('070 111 22 44')).text, 'Bo Nyman', 'as soon as it is saved')
      await call('PATCH', `${root}/users/bo`, { numbers: null })
      t.match(await name('0701112244'), { status: 404, body: { type: /name_unknown$/ } })
    })

    await t.test('is a shared contact’s', async (t) => {
      const dry = await call('POST', `${root}/contacts/import?dryRun=true`, sheet, csv)
      t.match(dry.body, { dryRun: true, contacts: 4, numbers: 4, skipped: 3 })
      t.equal((await name('0701234567')).status, 404, 'nothing was saved')
      const { body, status } = await call('POST', `${root}/contacts/import`, sheet, csv)
      t.equal(status, 200)
      t.same(
        body.cells.map(({ row, field }: { row: number; field: string }) => `${row} ${field}`),
        ['6 numbers', '7 name', '8 row']
      )
      t.match((await name('0701234567')).body, {
        name: 'Karin Berg, Åkes & Söner AB',
        source: 'shared',
        contact: null
      })
      t.equal((await text('004722123456')).text, 'Karin Berg, Åkes & Söner AB')
      t.equal((await text('0812345600')).text, 'Åkes & Söner AB', 'three of a company are the company')
      t.equal((await text('0701234567', '&maxLength=15')).text, 'Karin Berg')
      t.equal((await text('0701234567', '&ascii=true')).text, 'Karin Berg, Akes & Soner AB')
      t.match((await call('GET', `${root}/caller-names`)).body, { shared: { contacts: 4, numbers: 4 } })
    })

    await t.test('is asked as switches ask that know Basic authentication alone', async (t) => {
      const authorization = `Basic ${Buffer.from(`any:${pbx}`).toString('base64')}`
      const answer = await call('GET', `${root}/names.txt?number=1070`, undefined, { authorization })
      t.equal(answer.text, 'Anna Ek')
      t.match(answer.headers.get('content-type'), /^text\/plain; charset=utf-8/)
      t.equal(answer.headers.get('cache-control'), 'no-store')
    })

    await t.test('is asked for by the template for 3CX', async (t) => {
      const template = await readFile('docs/switches/3cx-hanvisa.xml', 'utf8')
      const [, url = ''] = /<Request [^>]*Url="([^"]+)"/.exec(template) ?? []
      const [, credentials = ''] = /<Value>([^<]+)<\/Value>/.exec(template) ?? []
      const [, found = ''] = /<Variable Name="CallerName" Path="([^"]+)"/.exec(template) ?? []
      const ask = async (number: string) => {
        const path = url.replace('[Address]', root).replace('[Number]', number)
        const basic = Buffer.from(credentials.replace('[ApiKey]', pbx)).toString('base64')
        return call('GET', path, undefined, { authorization: `Basic ${basic}` })
      }
      t.equal((await ask('0701234567')).body[found], 'Karin Berg, Åkes & Söner AB')
      t.equal((await ask('0701234599')).status, 404)
      t.equal((await ask('[Number]')).status, 400, 'a variable that was not filled in')
    })

    await t.test('is none for what is no number, and a switch shows nothing then', async (t) => {
      for (const number of ['anonymous', '[Number]', '112', '*21*0701234567#']) {
        const { status, body } = await name(number)
        t.match({ status, type: body.type }, { status: 400, type: /number_unreadable$/ }, number)
        t.notOk(body.detail.includes(number), 'the number is not quoted')
        t.match(await text(number), { status: 200, text: '' }, number)
      }
      t.match(await text('0701234599'), { status: 200, text: '' })
    })

    await t.test('is a softphone’s for its own user alone', async (t) => {
      const own = asker(service, softphone)
      t.equal((await own.name('1071')).status, 200)
      t.equal((await own.name('1071', '&user=anna')).status, 200)
      t.match(await own.name('1071', '&user=bo'), { status: 403, body: { type: /insufficient_role$/ } })
    })

    await t.test('stands in the phone book in the forms of telephones', async (t) => {
      const book = async (query: string, method = 'GET') =>
        call(method, `${root}/phonebook.xml${query}`, method === 'POST' ? 'mac=0004' : undefined, {
          ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' })
        })
      const { text: yealink, headers } = await book('')
      t.match(headers.get('content-type'), /^application\/xml/)
      t.match(yealink, '<Name>Anna Ek</Name><Telephone>1070</Telephone><Telephone>+46701112233</Telephone>')
      t.match(yealink, '<Name>Taxi &lt;Öst&gt;</Name><Telephone>+4620123456</Telephone>')
      t.match((await book('?format=snom')).text, '<SnomIPPhoneDirectory>')
      t.match((await book('?format=grandstream')).text, '<phonenumber>1071</phonenumber>')
      const posted = await book('?format=snom-tbook', 'POST')
      t.equal(posted.status, 200)
      t.match(posted.text, '<first_name>Bo Nyman</first_name>')
      const names = async (query: string) =>
        [...(await book(query)).text.matchAll(/<Name>([^<]*)/g)].map(([, found]) => found)
      t.same(await names('?q=BERG'), ['Karin Berg, Åkes &amp; Söner AB'])
      t.same(await names('?q=020-12'), ['Taxi &lt;Öst&gt;'], 'part of a number, as it is dialled at home')
      t.same(await names('?q=0999'), [])
      t.same(await names('?q=4620'), ['Taxi &lt;Öst&gt;'])
      t.same(await names('?limit=2'), ['Ann Ek, åkes &amp; söner ab', 'Anna Ek'])
    })

    await t.test('and the list that comes next takes its place as a whole', async (t) => {
      t.equal((await call('POST', `${root}/contacts/import`, 'name;numbers\r\n', csv)).status, 400)
      const next = 'name;numbers\r\nLina Holm;070-123 45 67\r\n'
      t.match((await call('POST', `${root}/contacts/import`, next, csv)).body, { contacts: 1, skipped: 0 })
      t.equal((await text('0701234567')).text, 'Lina Holm')
      t.equal((await text('0812345600')).text, '')
    })

    await t.test(
      'nothing of a contact or a call is to be read in what was kept, logged or measured',
      async (t) => {
        await call('POST', `${root}/contacts/import`, sheet, csv)
        await name('0701234567')
        const { text: metrics } = await call('GET', '/metrics')
        t.match(metrics, /hanvisa_name_lookups_total\{outcome="shared"\} [1-9]/)
        const { text: audit } = await call('GET', `${root}/audit`)
        t.match(audit, /"contact\.import"/)
        const kept = redis === null ? await everythingIn(service.folder) : await dump(redis)
        expectNone(t, { kept, metrics, audit, log: service.log().join('\n') })
      }
    )

    await t.test('turned off, it is gone at once', async (t) => {
      t.equal((await call('DELETE', `${root}/contacts`)).status, 204)
      t.equal((await text('0701234567')).text, '')
      t.equal((await call('DELETE', `${root}/contacts`)).status, 404)
      await call('POST', `${root}/contacts/import`, sheet, csv)
      t.equal((await call('DELETE', `${root}/caller-names`)).status, 204)
      t.equal((await name('1070')).status, 404)
      t.equal((await call('DELETE', `${root}/caller-names`)).status, 404)
      await call('PUT', `${root}/caller-names`, {})
      t.equal((await name('0701234567')).status, 404, 'and does not come back')
      if (redis !== null) t.same(await redis.command('KEYS', '*contact*'), [])
    })
  })
}

/** As text, and as other writings would have it. */
const traces = ['Kanariefågel', 'Kanarief', '701234567', '70-123 45 67', 'Åkes'].flatMap((word) => [
  Buffer.from(word),
  Buffer.from(word, 'latin1'),
  Buffer.from(word, 'utf16le'),
  Buffer.from(encodeURIComponent(word))
])

function expectNone(t: Test, places: Readonly<Record<string, Buffer | string>>): void {
  for (const [place, content] of Object.entries(places)) {
    for (const trace of traces) t.notOk(Buffer.from(content).includes(trace), `${place}: ${trace}`)
  }
}

async function dump(redis: { command(...args: string[]): Promise<unknown> }): Promise<Buffer> {
  const keys = (await redis.command('KEYS', '*')) as string[]
  const dumped = await Promise.all(
    keys.map(async (key) => {
      const type = await redis.command('TYPE', key)
      const read: Record<string, readonly string[]> = {
        hash: ['HGETALL', key],
        string: ['GET', key],
        set: ['SMEMBERS', key],
        zset: ['ZRANGE', key, '0', '-1'],
        stream: ['XRANGE', key, '-', '+']
      }
      return JSON.stringify([key, await redis.command(...(read[String(type)] ?? ['TYPE', key]))])
    })
  )
  return Buffer.from(dumped.join('\n'))
}
