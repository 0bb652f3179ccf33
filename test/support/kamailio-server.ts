/** A real Kamailio with its presence modules for a test, and an independent watcher (sipp), as Debian packages them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../tools/free-port.ts'
import { until } from './until.ts'

interface TeardownOwner {
  teardown(step: () => unknown): void
}

export interface KamailioOptions {
  /** As the stock file has it: the account must be that of the user for whom it publishes, else 407 with the right password. */
  readonly isStock?: boolean
  /** PEM; without it TCP and UDP alone are listened on. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string }
}

export interface KamailioServer {
  readonly port: number
  readonly tlsPort: number
  /** It loses what was published. */
  restart(): Promise<void>
  stop(): Promise<void>
  /** Subscribes as a phone does; resolves to all that it received so far, headers included. */
  watch(extension: string, event: 'presence' | 'dialog'): Promise<() => Promise<string>>
}

export const kamailioAccount = { user: 'hanvisa', password: 'secret' }

/** Why tests with it are skipped; false where all of it is installed. */
export function lacksKamailio(): string | false {
  const lacks = ['kamailio', 'sipp'].filter(
    (name) => spawnSync(name, ['-v'], { stdio: 'ignore' }).error !== undefined
  )
  return lacks.length === 0
    ? false
    : `${lacks.join(' and ')} not installed (apt-get install kamailio kamailio-presence-modules kamailio-tls-modules sip-tester)`
}

export async function startKamailio(
  t: TeardownOwner,
  options: KamailioOptions = {}
): Promise<KamailioServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-kamailio-'))
  const port = await freePort()
  const tlsPort = await freePort()
  const config = join(folder, 'kamailio.cfg')
  const { tls } = options
  if (tls !== undefined) {
    await writeFile(join(folder, 'certificate.pem'), tls.certificate)
    await writeFile(join(folder, 'key.pem'), tls.privateKey)
  }
  await writeFile(config, configOf(folder, { port, tlsPort }, options))
  let child: ChildProcess | null = null
  const watchers: ChildProcess[] = []
  const stop = async () => {
    const ending = child
    child = null
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    // Its children are in its group, and one that is stopped hard leaves them.
    process.kill(-ending.pid!, 'SIGTERM')
    await once(ending, 'exit')
  }
  const start = async () => {
    child = spawn(
      'kamailio',
      ['-f', config, '-DD', '-Y', folder, '-P', join(folder, 'pid'), '-m', '32', '-M', '4'],
      {
        stdio: 'ignore',
        detached: true
      }
    )
    await until('Kamailio listens', () => accepts(port))
  }
  t.teardown(async () => {
    for (const watcher of watchers) watcher.kill('SIGKILL')
    await stop()
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  return {
    port,
    tlsPort,
    stop,
    async restart() {
      await stop()
      await start()
    },
    async watch(extension, event) {
      const name = join(folder, `${event}-${extension}-${watchers.length}`)
      await writeFile(`${name}.xml`, scenarioOf(event))
      const own = await freePort()
      const watcher = spawn(
        'sipp',
        [
          ...[`127.0.0.1:${port}`, '-sf', `${name}.xml`, '-s', extension, '-i', '127.0.0.1', '-p', `${own}`],
          ...['-m', '1', '-nostdin', '-trace_msg', '-message_file', `${name}.log`, '-recv_timeout', '600000']
        ],
        { stdio: 'ignore', cwd: folder }
      )
      watchers.push(watcher)
      const read = () => readFile(`${name}.log`, 'utf8').catch(() => '')
      await until('the watcher is subscribed', async () => /SIP\/2\.0 (200|202)/.test(await read()))
      return read
    }
  }
}

function configOf(
  folder: string,
  { port, tlsPort }: { readonly port: number; readonly tlsPort: number },
  { isStock = false, tls }: KamailioOptions
): string {
  const check = isStock ? '"1"' : '"0"'
  return `#!KAMAILIO
debug=-1
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
${tls === undefined ? '' : 'enable_tls=yes'}
listen=udp:127.0.0.1:${port}
listen=tcp:127.0.0.1:${port}
${tls === undefined ? '' : `listen=tls:127.0.0.1:${tlsPort}`}
alias="example.se"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
loadmodule "presence_dialoginfo.so"
${
  tls === undefined
    ? ''
    : `loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${join(folder, 'certificate.pem')}")
modparam("tls", "private_key", "${join(folder, 'key.pem')}")`
}
modparam("presence", "publ_cache", 2)
modparam("presence", "subs_db_mode", 0)
modparam("presence", "server_address", "sip:127.0.0.1:${port}")
modparam("presence_xml", "force_active", 1)
request_route {
  if (is_method("PUBLISH")) {
    if (!pv_auth_check("example.se", "${kamailioAccount.password}", ${check}, "0")) {
      auth_challenge("example.se", "1");
      exit;
    }
    if ($au != "${kamailioAccount.user}" && $au != $rU) { sl_send_reply("403", "Not yours"); exit; }
    if (!t_newtran()) { sl_reply_error(); exit; }
    handle_publish();
    t_release();
    exit;
  }
  if (is_method("SUBSCRIBE")) {
    if (!t_newtran()) { sl_reply_error(); exit; }
    handle_subscribe();
    t_release();
    exit;
  }
  sl_send_reply("200", "OK");
}
`
}

/** Subscribes for an hour, and takes every NOTIFY. */
function scenarioOf(event: 'presence' | 'dialog'): string {
  const type = event === 'presence' ? 'application/pidf+xml' : 'application/dialog-info+xml'
  const once = `<recv request="NOTIFY" crlf="true"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
`
  return `<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="watch">
<send retrans="500"><![CDATA[
SUBSCRIBE sip:[service]@example.se SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:watcher@example.se>;tag=[call_number]
To: <sip:[service]@example.se>
Call-ID: [call_id]
CSeq: 1 SUBSCRIBE
Contact: <sip:watcher@[local_ip]:[local_port]>
Max-Forwards: 70
Event: ${event}
Accept: ${type}
Expires: 3600
Content-Length: 0

]]></send>
<recv response="202" optional="true"/>
<recv response="200"/>
${once.repeat(40)}
</scenario>
`
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
