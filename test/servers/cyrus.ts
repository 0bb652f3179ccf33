/** The CalDAV connector over a real Cyrus, as Debian packages it. `npm run test:servers` */
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
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
import { hangSignal } from '../support/until.ts'
import { isNotReady, makeFolder, putObject, runAs, startAs, untilAnswers } from './start-server.ts'

const programs = ['/usr/sbin/cyrmaster', '/usr/lib/cyrus/bin/httpd', '/usr/sbin/saslpasswd2']

interface Cyrus {
  readonly origin: string
  /** As the administrator, over IMAP. */
  command(...lines: readonly string[]): Promise<void>
}

/** With the accounts anna and svc. */
async function startCyrus(t: Test): Promise<Cyrus> {
  const folder = await makeFolder(t, 'cyrus')
  const [imapPort, port] = [await freePort(), await freePort()]
  for (const name of ['lib', 'spool', 'run', 'sasl']) await mkdir(join(folder, name))
  const config = join(folder, 'imapd.conf')
  await writeFile(
    config,
    [
      `configdirectory: ${folder}/lib`,
      `proc_path: ${folder}/run/proc`,
      `mboxname_lockpath: ${folder}/run/lock`,
      ...['defaultpartition: default', `partition-default: ${folder}/spool`],
      ...['altnamespace: no', 'unixhierarchysep: yes', 'virtdomains: off', 'admins: cyrus'],
      ...['allowplaintext: yes', 'sasl_pwcheck_method: auxprop', 'sasl_auxprop_plugin: sasldb'],
      ...[`sasl_sasldb_path: ${folder}/sasl/db`, 'sasl_mech_list: PLAIN', 'servername: localhost'],
      ...['httpmodules: caldav', 'calendar_user_address_set: acme.example', 'caldav_create_default: yes'],
      ...['idlesocket', 'notifysocket', 'lmtpsocket'].map((name) => `${name}: ${folder}/run/${name}`),
      ''
    ].join('\n')
  )
  await writeFile(
    join(folder, 'cyrus.conf'),
    [
      `START {\n recover cmd="/usr/sbin/cyrus ctl_cyrusdb -C ${config} -r"\n}`,
      'SERVICES {',
      ` imap cmd="imapd -C ${config}" listen="127.0.0.1:${imapPort}" prefork=0`,
      ` http cmd="httpd -C ${config}" listen="127.0.0.1:${port}" prefork=0`,
      '}\nEVENTS {\n}\n'
    ].join('\n')
  )
  for (const user of ['cyrus', 'anna', 'svc'])
    runAs(
      'root',
      'saslpasswd2',
      ['-p', '-c', '-f', join(folder, 'sasl/db'), '-u', 'localhost', user],
      'secret'
    )
  runAs('root', 'chown', ['-R', 'cyrus:mail', folder])
  // It takes the account cyrus by itself.
  startAs(t, 'root', '/usr/sbin/cyrmaster', [
    '-C',
    config,
    '-M',
    join(folder, 'cyrus.conf'),
    '-p',
    join(folder, 'run/pid'),
    '-D'
  ])
  const origin = `http://127.0.0.1:${port}`
  await untilAnswers('Cyrus', origin)
  const command = (...lines: readonly string[]) => imap(imapPort, ['LOGIN cyrus secret', ...lines])
  await command('CREATE user/anna', 'CREATE user/svc')
  return { origin, command }
}

/** RFC 3501: each line is answered by one that begins with its tag. */
async function imap(port: number, lines: readonly string[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]()
  try {
    for (const [index, line] of lines.entries()) {
      socket.write(`t${index} ${line}\r\n`)
      for (;;) {
        const { value = '', done } = await answers.next()
        if (done === true) throw new Error('Cyrus ended the connection')
        if (!value.startsWith(`t${index} `)) continue
        if (!value.startsWith(`t${index} OK`)) throw new Error(`${line}: ${value}`)
        break
      }
    }
  } finally {
    socket.destroy()
  }
}

t.test('Cyrus', { skip: isNotReady(programs) }, async (t) => {
  const { origin, command } = await startCyrus(t)
  // Calendars are made at the first sign-in.
  const signIn = (user: string) =>
    fetch(`${origin}/dav/calendars/user/${user}/`, {
      method: 'PROPFIND',
      headers: { authorization: `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`, depth: '1' }
    })
  for (const user of ['anna', 'svc']) t.equal((await signIn(user)).status, 207)
  const weekly = veventText(
    'weekly',
    'DTSTART:20250106T090000Z',
    'DTEND:20250106T100000Z',
    'RRULE:FREQ=WEEKLY'
  )
  await putObject(origin, 'anna', '/dav/calendars/user/anna/Default/1.ics', weekly)
  await putObject(
    origin,
    'anna',
    '/dav/calendars/user/anna/Default/2.ics',
    veventText('MÖT: <budget> & "mer"')
  )
  const annas = ['weekly', 'MÖT: <budget> & "mer"', 'weekly', 'weekly']

  const connector = openConnector(t, { url: origin, preset: 'cyrus' })
  t.equal(outcomeOf(await readMailbox(connector, 'anna')), 'access_denied', 'before the ACL')
  await command('SETACL user/anna/#calendars/Default svc lr9')
  const first = await readMailbox(connector, 'anna')
  t.same(outcomeOf(first), annas, 'through the redirect to the account’s own folder')
  const { etag } = first as { etag: string }
  t.equal(outcomeOf(await readMailbox(connector, 'anna', { etag })), 'unchanged')
  t.equal(outcomeOf(await readMailbox(connector, 'nobody')), 'mailbox_unknown')

  const perUser = openConnector(t, { access: 'perUser' })
  for (const path of ['/', '/dav/', '/dav/calendars/user/anna/'])
    t.same(
      outcomeOf(await readMailbox(perUser, origin.replace('://', '://anna:secret@') + path)),
      annas,
      path
    )

  const freeBusy = openConnector(t, { url: `${origin}/dav/`, freeBusyOnly: true })
  const targets = [{ mailbox: 'anna@acme.example', timeZone: mailboxZone }]
  const [result] = await freeBusy.read({ targets, window, subjects: false, signal: hangSignal() })
  t.match(result, { outcome: 'read', detail: 'availability' })
  t.equal(outcomeOf(result!).length, 4)
})
