/** Users from sheets, as spreadsheet programs save them. */
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service

const send = (tenant: string, sheet: string | Buffer, query = '') =>
  call('POST', `/v1/tenants/${tenant}/users/import${query}`, sheet, { 'content-type': 'text/csv' })
const counts = ({ body }: { body: Record<string, unknown> }) => [
  body.created,
  body.updated,
  body.unchanged,
  body.removed
]
const users = async (tenant: string) => (await call('GET', `/v1/tenants/${tenant}/users`)).body.users
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

t.test('every encoding, delimiter and way of quoting in use', async (t) => {
  const rows = (delimiter: string) =>
    [
      ['User', 'DisplayName', 'EXTENSION', 'syncEnabled', 'numbers', 'mailbox'],
      ['asa', `"Öberg${delimiter} ""Åsa"""`, '1070', 'SANT', '+46701234567 +4687000000', 'asa@acme.example'],
      ['bo', 'Bo', '1071', 'false', '', '']
    ]
      .map((cells) => cells.join(delimiter))
      .join('\r\n')
  const sheets: [string, Buffer, string][] = [
    ['utf8', Buffer.from(rows(',')), ','],
    ['utf8-mark', Buffer.from(`\ufeff${rows(';')}\r\n`), ';'],
    ['windows-1252', Buffer.from(rows(';'), 'latin1'), ';'],
    ['utf16', utf16(rows('\t')), '\t'],
    ['utf16-big', utf16(rows(';')).swap16(), ';'],
    ['bare-newlines', Buffer.from(rows(',').replaceAll('\r', '')), ','],
    ['blank-rows', Buffer.from(`${rows(';')}\r\n;;;;;\r\n\r\n`), ';']
  ]
  for (const [tenant, sheet, delimiter] of sheets) {
    await service.tenant(tenant)
    const answer = await send(tenant, sheet)
    t.strictSame(counts(answer), [2, 0, 0, 0], `${tenant} ${answer.text}`)
    t.strictSame(await users(tenant), [
      {
        user: 'asa',
        displayName: `Öberg${delimiter} "Åsa"`,
        extension: '1070',
        numbers: ['+46701234567', '+4687000000'],
        mailbox: 'asa@acme.example',
        syncEnabled: true
      },
      { user: 'bo', displayName: 'Bo', extension: '1071', syncEnabled: false }
    ])
    t.strictSame(counts(await send(tenant, sheet)), [0, 0, 2, 0])
  }
})

t.test('what a file does not mention stays', async (t) => {
  await service.tenant('stays')
  const triggers = [{ match: 'word', text: 'x', diversion: 'lunch' }]
  const anna = {
    displayName: 'Anna',
    extension: '1',
    syncEnabled: true,
    mailbox: 'https://h.example/s3cret',
    triggers
  }
  await call('PUT', '/v1/tenants/stays/users/anna', { ...anna, timeZone: 'Europe/Oslo' })
  const short = await send('stays', 'user,displayName,extension,syncEnabled\nanna,Anna B,1,true\n')
  t.strictSame(counts(short), [0, 1, 0, 0])
  const shown = { user: 'anna', ...anna, displayName: 'Anna B', mailbox: 'https://h.example/…' }
  t.strictSame(await users('stays'), [{ ...shown, timeZone: 'Europe/Oslo' }])
  const emptied =
    'user,displayName,extension,syncEnabled,timezone,mailbox\nanna,Anna B,1,ja,,https://h.example/…\n'
  t.strictSame(counts(await send('stays', emptied)), [0, 1, 0, 0])
  t.strictSame(await users('stays'), [shown], 'an empty cell takes away, a shown URL stands for what is held')
})

t.test('5,000 users, and every bad row by number and reason', async (t) => {
  await service.tenant('many')
  const header = 'user;displayName;extension;syncEnabled;numbers;timeZone'
  const rows = Array.from({ length: 5000 }, (_, index) => `u${index};User ${index};${1000 + index};true;;`)
  const good = await send('many', [header, ...rows].join('\r\n'))
  t.strictSame(counts(good), [5000, 0, 0, 0])

  const bad = rows.map((row, index) => (index % 10 === 0 ? row.replace(';true;', ';perhaps;') : row))
  bad[1] = 'new;New;;true;0701;Stockholm'
  bad[2] = 'u3;Twice;1;true;;'
  bad[4] = 'u4;"Semi;colon";7;true;;;;surplus'
  bad[5] = '-bad;Name;1;true;;'
  const answer = await send('many', [header, ...bad].join('\r\n'))
  t.equal(answer.status, 400)
  t.match(answer.body.detail, /^Of 5000 rows 504 cannot be taken, so nothing was changed/)
  const { errors } = answer.body
  t.equal(new Set(errors.map(({ row }: { row: number }) => row)).size, 504, 'every bad row is reported')
  const of = (row: number) => errors.filter((fault: { row: number }) => fault.row === row)
  t.match(of(2), [{ field: 'syncEnabled', message: /true or false/ }])
  t.match(
    of(3).map(({ field }: { field: string }) => field),
    ['extension', 'numbers/0']
  )
  t.match(of(5), [{ field: 'user', message: /"u3" stands in row 4 already/ }])
  t.match(of(6), [{ field: 'row', message: /has 8 cells, the header 6/ }])
  t.match(of(7), [{ field: 'user', message: /letters, digits/ }])
  t.equal((await call('GET', '/v1/tenants/many/users/new')).status, 404, 'and nothing was changed')
  t.equal((await users('many')).length, 1000)
})

t.test('files that cannot be read', async (t) => {
  await service.tenant('odd')
  const row = 'user,displayName,extension,syncEnabled'
  const wrong: [string | Buffer, RegExp][] = [
    ['', /empty/],
    ['\r\n', /no name|missing/],
    ['anna,Anna,1,true', /row 1, anna: is no known column/],
    [`${row},triggers\n`, /triggers: is no known column: write one of user/],
    [`${row},User\n`, /User: stands twice/],
    ['user,displayName\n', /extension: is missing/],
    [`${row}\nanna,"Anna,1,true\n`, /row 2, row: has a quote/],
    [`${row}\nanna,"An"na,1,true\n`, /row 2, row: has a quote/],
    [`${row}\nanna,"${'x'.repeat(60_000)}`, /row 2, row: is too long/],
    [Buffer.from('PK\x03\x04xxxx'), /Excel workbook/],
    [Buffer.from(`${row}\nan\0na`), /no text/]
  ]
  for (const [sheet, detail] of wrong) {
    const answer = await send('odd', sheet)
    t.equal(answer.status, 400)
    t.match(answer.body.detail, detail, answer.text)
  }
  const json = await call('POST', '/v1/tenants/odd/users/import', { users: [] })
  t.equal(json.status, 415)
  t.equal((await send('odd', Buffer.alloc(17 << 20, 'x'))).status, 413)
  t.equal((await send('nobody', row)).status, 404)
  t.strictSame(counts(await send('odd', row)), [0, 0, 0, 0], 'a header alone is no fault')
})

const header = 'user,displayName,extension,syncEnabled'

t.test('what Excel makes of digits is undone or refused by row, with the reason', async (t) => {
  await service.tenant('excel')
  const damaged = `${header}\na,A,"=""01076""",false\nb,B,'01076,false\nc,C,1076.0,false\nd,D,4.67E+10,false\n`
  const answer = await send('excel', damaged)
  t.equal(answer.status, 400)
  const rows = answer.body.errors.map(({ row, field, message }: Record<string, string>) => [
    row,
    field,
    message
  ])
  t.match(rows, [
    [4, 'extension', /"1076\.0".*spreadsheet.*format the column as text/],
    [5, 'extension', /"4\.67E\+10".*digits are lost.*format the column as text/]
  ])
  t.equal(rows.length, 2)
  t.strictSame(await users('excel'), [], 'no switch has such an extension')

  t.strictSame(
    counts(await send('excel', damaged.replace('1076.0', '1076').replace('4.67E+10', '1079'))),
    [4, 0, 0, 0]
  )
  const extensions = (await users('excel')).map(({ extension }: { extension: string }) => extension)
  t.strictSame(extensions, ['01076', '01076', '1076', '1079'])

  for (const [cell, fault] of [
    ['"4,67E+10"', /digits are lost/],
    ['"1076,00"', /wrote as a decimal/],
    ['#NAME?', /in place of a formula/]
  ] as const) {
    const refused = await send('excel', `${header}\ne,E,${cell},false\n`)
    t.match(refused.body.errors, [{ row: 2, field: 'extension', message: fault }], cell)
  }
  const numbers = await send('excel', `${header},numbers\ne,E,1,false,46701234567|4.67E+10\n`)
  t.match(numbers.body.errors, [{ row: 2, field: 'numbers', message: /"4.67E\+10"/ }])
})

t.test('a first line that names the separator, and separators at the end of lines', async (t) => {
  await service.tenant('sep')
  const sheet = 'sep=;\r\nuser;displayName;extension;mailbox;syncEnabled\r\nd;D;1073;;false\r\n'
  t.strictSame(counts(await send('sep', sheet)), [1, 0, 0, 0])
  t.strictSame(counts(await send('sep', `\ufeff${sheet}`)), [0, 0, 1, 0])
  t.strictSame(
    counts(await send('sep', 'user;displayName;extension;syncEnabled;\r\ne;E;1074;true;\r\n')),
    [1, 0, 0, 0]
  )
  const bad = await send('sep', 'sep=,\nuser,displayName,extension,syncEnabled\nf,F,,true\n')
  t.match(bad.body.errors, [{ row: 2, field: 'extension' }], 'the header is row 1, as Excel shows it')
})

t.test('replace removes users who are not in the file, and a dry run only reports them', async (t) => {
  await service.tenant('whole')
  await send('whole', `${header}\na,A,1,true\nb,B,2,true\nc,C,3,true\n`)
  const sheet = `${header}\nc,C,3,true\na,A,11,true\nd,D,4,true\n`
  const before = await users('whole')
  const dry = await send('whole', sheet, '?mode=replace&dryRun=true')
  t.strictSame(dry.body, {
    mode: 'replace',
    dryRun: true,
    created: 1,
    updated: 1,
    unchanged: 1,
    removed: 1,
    rows: [
      { row: 2, user: 'c', action: 'unchanged' },
      { row: 3, user: 'a', action: 'updated' },
      { row: 4, user: 'd', action: 'created' },
      { row: null, user: 'b', action: 'removed' }
    ]
  })
  t.strictSame(await users('whole'), before, 'nothing was saved')
  t.strictSame((await send('whole', sheet, '?mode=replace')).body, { ...dry.body, dryRun: false })
  const now = (await users('whole')).map(
    ({ user, extension }: Record<string, string>) => `${user} ${extension}`
  )
  t.strictSame(now, ['a 11', 'c 3', 'd 4'])
  t.equal((await call('GET', '/v1/tenants/whole/users/b/status')).status, 404)

  const empty = await send('whole', header, '?mode=replace')
  t.match([empty.status, empty.body.errors[0].message], [400, /remove everybody/])
  t.equal((await send('whole', sheet, '?mode=both')).status, 400)
  t.equal((await users('whole')).length, 3)
})

t.test('an export is what the import takes: nothing differs, and nothing runs as a formula', async (t) => {
  await service.tenant('out')
  const odd = [
    {
      displayName: '=1+1',
      extension: '01076',
      syncEnabled: true,
      owner: 'eva@acme.example',
      mailbox: 'https://h.example/s3cret'
    },
    { displayName: "'=x", extension: '*21#', syncEnabled: false, numbers: ['+46701234567', '+4687000000'] },
    {
      displayName: '\'t Hooft; "Gerard", Åsa',
      extension: '@7',
      syncEnabled: true,
      timeZone: 'Europe/Helsinki'
    }
  ]
  for (const [index, body] of odd.entries()) await call('PUT', `/v1/tenants/out/users/u${index}`, body)
  const before = await users('out')
  const file = await call('GET', '/v1/tenants/out/users/export')
  t.match(file.headers.get('content-type'), /^text\/csv/)
  t.match(file.headers.get('content-disposition'), /filename="users-out.csv"/)
  t.notMatch(file.text, /s3cret/)
  t.notMatch(file.text, /(^|,)[=@]/m)
  t.strictSame(counts(await send('out', Buffer.from(file.text), '?mode=replace')), [0, 0, 3, 0], file.text)
  t.strictSame(await users('out'), before)
  await service.tenant('copy')
  const elsewhere = await send('copy', Buffer.from(file.text))
  t.match(elsewhere.body.errors, [{ row: 2, field: 'mailbox', message: /write the whole URL/ }])
  t.equal((await call('GET', '/v1/tenants/nobody/users/export')).status, 404)
})
