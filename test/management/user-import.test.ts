/** Users from sheets, as spreadsheet programs save them. */
import t from 'tap'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service

const send = (tenant: string, sheet: string | Buffer) =>
  call('POST', `/v1/tenants/${tenant}/users/import`, sheet, { 'content-type': 'text/csv' })
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
    t.strictSame(answer.body, { created: 2, updated: 0, unchanged: 0 }, `${tenant} ${answer.text}`)
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
    t.strictSame((await send(tenant, sheet)).body, { created: 0, updated: 0, unchanged: 2 })
  }
})

t.test('what a file does not speak of stays', async (t) => {
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
  t.strictSame(short.body, { created: 0, updated: 1, unchanged: 0 })
  const shown = { user: 'anna', ...anna, displayName: 'Anna B', mailbox: 'https://h.example/…' }
  t.strictSame(await users('stays'), [{ ...shown, timeZone: 'Europe/Oslo' }])
  const emptied =
    'user,displayName,extension,syncEnabled,timezone,mailbox\nanna,Anna B,1,ja,,https://h.example/…\n'
  t.strictSame((await send('stays', emptied)).body, { created: 0, updated: 1, unchanged: 0 })
  t.strictSame(await users('stays'), [shown], 'an empty cell takes away, a shown URL stands for what is held')
})

t.test('5,000 users, and every bad row by number and reason', async (t) => {
  await service.tenant('many')
  const header = 'user;displayName;extension;syncEnabled;numbers;timeZone'
  const rows = Array.from({ length: 5000 }, (_, index) => `u${index};User ${index};${1000 + index};true;;`)
  const good = await send('many', [header, ...rows].join('\r\n'))
  t.strictSame(good.body, { created: 5000, updated: 0, unchanged: 0 })

  const bad = rows.map((row, index) => (index % 10 === 0 ? row.replace(';true;', ';perhaps;') : row))
  bad[1] = 'new;New;;true;0701;Stockholm'
  bad[2] = 'u3;Twice;1;true;;'
  bad[4] = 'u4;"Semi;colon";7;true;;;;surplus'
  bad[5] = '-bad;Name;1;true;;'
  const answer = await send('many', [header, ...bad].join('\r\n'))
  t.equal(answer.status, 400)
  t.match(answer.body.detail, /^Of 5000 rows 504 cannot be taken, so nothing was changed/)
  const { errors } = answer.body
  t.equal(new Set(errors.map(({ row }: { row: number }) => row)).size, 504, 'every bad row is told')
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
  t.strictSame(
    (await send('odd', row)).body,
    { created: 0, updated: 0, unchanged: 0 },
    'a header alone is no fault'
  )
})
