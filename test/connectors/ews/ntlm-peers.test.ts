/** Clients that we did not write sign in to our NTLM server: so what our own client proves there is worth something. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from '../../group/tap.ts'
import { account, serverCertificate, startServer } from './server.ts'

const run = promisify(execFile)
const [domain, user] = account.user.split('\\')

/** What it prints; null where the program is missing or fails. */
async function printed(program: string, ...args: string[]): Promise<string | null> {
  return run(program, args, { timeout: 60_000 }).then(
    ({ stdout }) => stdout,
    () => null
  )
}

const folder = await mkdtemp(join(tmpdir(), 'hanvisa-ntlm-'))
t.teardown(() => rm(folder, { recursive: true }))
const ca = join(folder, 'ca.pem')
await writeFile(ca, serverCertificate.signer)

const curl = /\bNTLM\b/.test((await printed('curl', '--version')) ?? '')
const python = process.env.HANVISA_TEST_PYTHON ?? '/usr/bin/python3'
const there = (await printed(python, '-W', 'ignore', '-c', 'import requests_ntlm; print("yes")')) === 'yes\n'
t.test('curl --ntlm', { skip: curl ? false : 'no curl with NTLM here: apt install curl' }, async (t) => {
  // curl widens bytes to UTF-16 one by one: letters beyond ASCII it cannot sign in with.
  const ascii = 'hemligt'
  const plain = await startServer(t, { serverCertificate: null })
  const none = await startServer(t, { ntlm: { extendedProtection: 'off' } })
  const allow = await startServer(t, { ntlm: { extendedProtection: 'allow' } })
  const require = await startServer(t)
  const status = (url: string, password = ascii) => {
    const by = ['--ntlm', '--user', `${account.user}:${password}`, '--cacert', ca, '--data', 'hello']
    return printed('curl', '-s', '-w', ' %{http_code}', ...by, url)
  }
  for (const server of [plain, none, allow, require]) server.password = ascii
  for (const server of [plain, none, allow]) {
    t.equal(await status(server.url), '<echo>hello</echo> 200', server.url)
    t.match(server.accounts, [{ user, domain, bound: false }])
  }
  t.match(await status(plain.url, 'wrong'), /401$/)
  t.same(plain.refusals, ['the password is wrong'])
  // curl 7 knows no channel binding: just what Extended Protection keeps out.
  const bound = (await status(require.url))?.endsWith(' 200')
  if (bound) t.match(require.accounts, [{ bound: true }])
  else t.same(require.refusals, ['there is no channel binding'])
})

/** Python's requests with requests-ntlm, which exchangelib signs in by. Prints the status of each URL after the password. */
const script = `
import sys, requests
from requests_ntlm import HttpNtlmAuth
session = requests.Session()
session.trust_env = False
session.auth = HttpNtlmAuth(sys.argv[1], sys.argv[2])
session.verify = sys.argv[3]
print(*[session.post(url, data='hello').status_code for url in sys.argv[4:]])
`
const missing = 'no requests-ntlm here: apt install python3-requests-ntlm (comes with python3-exchangelib)'
t.test(
  'Python: requests-ntlm, with MIC and channel binding',
  { skip: there ? false : missing },
  async (t) => {
    const server = await startServer(t)
    const ask = (password: string) =>
      printed(python, '-W', 'ignore', '-c', script, account.user, password, ca, server.url, server.url)
    t.equal(await ask(account.password), '200 200\n')
    t.match(server.accounts, [{ user, domain, mic: true, bound: true }])
    t.equal(server.accounts.length, 1, 'one handshake for two calls over one connection')
    t.equal(await ask('wrong'), '401 401\n')
    t.match(server.refusals, ['the password is wrong'])
  }
)
