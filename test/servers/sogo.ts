/** The CalDAV connector over a real SOGo with PostgreSQL, as Debian packages them. `npm run test:servers` */
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'
import {
  mailboxZone,
  openConnector,
  outcomeOf,
  readMailbox,
  veventText,
  window
} from '../connectors/caldav/open-connector.ts'
import { hangSignal, until } from '../support/until.ts'
import { isNotReady, makeFolder, putObject, runAs, startAs, untilAnswers } from './start-server.ts'

const postgres = '/usr/lib/postgresql/15/bin'
const programs = ['/usr/sbin/sogod', '/usr/bin/memcached', `${postgres}/postgres`, '/usr/bin/psql']

/** Three accounts, of which `svc` reads all. */
async function startSogo(t: Test): Promise<string> {
  const folder = await makeFolder(t, 'sogo')
  const [databasePort, cachePort, port] = [await freePort(), await freePort(), await freePort()]
  const data = join(folder, 'data')
  await mkdir(data)
  await chown(data, Number(runAs('root', 'id', ['-u', 'postgres'])), 0)
  runAs('postgres', `${postgres}/initdb`, ['-D', data, '-A', 'trust'])
  startAs(t, 'postgres', `${postgres}/postgres`, [
    '-D',
    data,
    '-p',
    String(databasePort),
    '-k',
    data,
    '-c',
    'listen_addresses=127.0.0.1'
  ])
  const sql = (text: string, database = 'postgres') =>
    runAs('root', 'psql', [
      '-q',
      '-h',
      '127.0.0.1',
      '-p',
      String(databasePort),
      '-U',
      'postgres',
      '-d',
      database,
      '-c',
      text
    ])
  await until('PostgreSQL answers', () => {
    try {
      return sql('SELECT 1') !== ''
    } catch {
      return false
    }
  })
  sql('CREATE USER sogo SUPERUSER')
  sql('CREATE DATABASE sogo OWNER sogo')
  const columns = ['c_uid', 'c_name', 'c_password', 'c_cn', 'mail'].map((name) => `${name} VARCHAR(128)`)
  sql(`CREATE TABLE sogo_view (${columns.join(', ')})`, 'sogo')
  for (const user of ['svc', 'anna', 'bo'])
    sql(
      `INSERT INTO sogo_view VALUES ('${user}', '${user}', 'secret', '${user}', '${user}@acme.example')`,
      'sogo'
    )

  startAs(t, 'sogo', '/usr/bin/memcached', ['-l', '127.0.0.1', '-p', String(cachePort)])
  const database = `postgresql://sogo@127.0.0.1:${databasePort}/sogo`
  const source = `({type=sql;id=users;viewURL="${database}/sogo_view";canAuthenticate=YES;userPasswordAlgorithm=plain;isAddressBook=YES;displayName=Users;MailFieldNames=(mail);})`
  startAs(t, 'sogo', '/usr/sbin/sogod', [
    ...['-WOWorkersCount', '3', '-WOPort', `127.0.0.1:${port}`, '-WONoDetach', 'YES'],
    ...['-WOLogFile', '/dev/null', '-WOPidFile', '/dev/null', '-SOGoMemcachedHost', `127.0.0.1:${cachePort}`],
    ...[
      '-SOGoProfileURL',
      `${database}/sogo_user_profile`,
      '-OCSFolderInfoURL',
      `${database}/sogo_folder_info`
    ],
    ...['-OCSSessionsFolderURL', `${database}/sogo_sessions_folder`],
    ...['-OCSEMailAlarmsFolderURL', `${database}/sogo_alarms_folder`],
    ...['-SOGoUserSources', source, '-SOGoSuperUsernames', '(svc)', '-SOGoMailDomain', 'acme.example'],
    ...['-SOGoTimeZone', mailboxZone]
  ])
  const origin = `http://127.0.0.1:${port}`
  await untilAnswers('SOGo', `${origin}/SOGo/`)
  return origin
}

t.test('SOGo', { skip: isNotReady(programs) }, async (t) => {
  const origin = await startSogo(t)
  const weekly = veventText(
    'weekly',
    'DTSTART:20250106T090000Z',
    'DTEND:20250106T100000Z',
    'RRULE:FREQ=WEEKLY'
  )
  await putObject(origin, 'anna', '/SOGo/dav/anna/Calendar/personal/1.ics', weekly)
  await putObject(origin, 'anna', '/SOGo/dav/anna/Calendar/personal/2.ics', veventText('MÖT: budget'))
  await putObject(origin, 'bo', '/SOGo/dav/bo/Calendar/personal/1.ics', veventText('bo'))
  const annas = ['weekly', 'MÖT: budget', 'weekly', 'weekly']

  t.test('by the preset and by discovery, by login and by address; never as "anonymous"', async (t) => {
    for (const connection of [
      { url: `${origin}/`, preset: 'sogo' as const },
      { url: `${origin}/SOGo/dav/` }
    ]) {
      const connector = openConnector(t, connection)
      const read = async (mailbox: string) => outcomeOf(await readMailbox(connector, mailbox))
      t.same(await read('anna'), annas)
      t.same(await read('anna@acme.example'), annas)
      t.same(await read('bo'), ['bo'])
      for (const typed of ['ana', 'anonymous', 'nobody@acme.example'])
        t.equal(await read(typed), 'mailbox_unknown', typed)
    }
  })

  t.test('an edit is read at the next poll', async (t) => {
    const connector = openConnector(t, { url: origin, preset: 'sogo' })
    const { etag } = (await readMailbox(connector, 'bo')) as { etag: string }
    t.equal(outcomeOf(await readMailbox(connector, 'bo', { etag })), 'unchanged')
    await putObject(origin, 'bo', '/SOGo/dav/bo/Calendar/personal/2.ics', veventText('more'))
    t.same(outcomeOf(await readMailbox(connector, 'bo', { etag })), ['bo', 'more'])
  })

  t.test('an account for each user, from any address that leads there', async (t) => {
    const connector = openConnector(t, { access: 'perUser' })
    const own = (path: string) => origin.replace('://', '://anna:secret@') + path
    for (const path of ['/SOGo/dav/', '/SOGo/dav/anna/', '/SOGo/dav/anna/Calendar/personal/'])
      t.same(outcomeOf(await readMailbox(connector, own(path))), annas, path)
    t.equal(
      outcomeOf(await readMailbox(connector, own('/SOGo/dav/bo/Calendar/personal/'))),
      'mailbox_unknown'
    )
  })

  t.test('free/busy times of all by one request', async (t) => {
    const connector = openConnector(t, { url: `${origin}/SOGo/dav/`, freeBusyOnly: true })
    const targets = ['anna', 'bo', 'nobody'].map((user) => ({
      mailbox: `${user}@acme.example`,
      timeZone: mailboxZone
    }))
    const results = await connector.read({ targets, window, subjects: false, signal: hangSignal() })
    t.same(
      results.map((result) => (result.outcome === 'read' ? result.events.length : outcomeOf(result))),
      [4, 2, 'mailbox_unknown']
    )
  })
})
