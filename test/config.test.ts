/** The settings and the keys, as an operator meets them at the start. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig } from '../src/config.ts'
import { noAlarmSenders } from '../src/config-alarms.ts'
import { SetupError } from '../src/errors.ts'
import { adoptNextMasterKey, makeNextMasterKey, openKeys } from '../src/installation-keys.ts'
import { certificateOf } from './connectors/ews/certificates.ts'
import t from './group/tap.ts'

const masterKey = randomBytes(32).toString('base64')
const masterKeyNext = randomBytes(32).toString('base64')

function refusal(env: Record<string, string>): string {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof SetupError) return error.message
    throw error
  }
  return 'not refused'
}

t.test('nothing set', async (t) => {
  const config = readConfig({ PATH: '/bin', HANVISA_PORT: '' })
  t.match(config, {
    host: '127.0.0.1',
    port: 8080,
    dataDir: join(process.cwd(), 'data'),
    redisUrl: null,
    role: 'all',
    adminKey: null,
    masterKey: null,
    publicUrl: null,
    allowPrivateTargets: false,
    trustedProxies: [],
    maxCallsPerMinute: 600,
    maxLongPollsPerKey: 100,
    historyMs: 2 * 86_400_000,
    auditDays: 365,
    allowedNetworks: [],
    logLevel: 'info'
  })
  t.ok(Object.isFrozen(config))
})

t.test('everything set', async (t) => {
  const folder = t.testdir({ key: 'a-key-of-twenty-signs\n', next: `${masterKeyNext}\n` })
  const config = readConfig({
    HANVISA_HOST: '0.0.0.0',
    HANVISA_PORT: '0',
    HANVISA_DATA_DIR: folder,
    HANVISA_REDIS_URL: 'redis://:secret@redis:6379/2',
    HANVISA_ROLE: 'worker',
    HANVISA_ADMIN_KEY_FILE: join(folder, 'key'),
    HANVISA_MASTER_KEY: masterKey,
    HANVISA_MASTER_KEY_NEXT_FILE: join(folder, 'next'),
    HANVISA_PUBLIC_URL: 'https://hanvisa.example.com/',
    HANVISA_ALLOW_PRIVATE_TARGETS: '1',
    HANVISA_TRUST_PROXY: '10.0.0.0/8, 192.0.2.1,2001:db8::/32',
    HANVISA_OIDC_ISSUER: 'https://login.microsoftonline.com/organizations/v2.0',
    HANVISA_OIDC_CLIENT_ID: 'id',
    HANVISA_OIDC_CLIENT_SECRET_FILE: join(folder, 'key'),
    HANVISA_OIDC_ROLES_CLAIM: 'realm_access.roles',
    HANVISA_OIDC_PROVIDER_DIRECTORY: '72f988bf-86f1-41af-91ab-2d7cd011db47',
    HANVISA_ENTRA_CLIENT_ID: 'app',
    HANVISA_ENTRA_CLIENT_SECRET_FILE: join(folder, 'key'),
    HANVISA_ENTRA_CLOUD: 'usgov',
    HANVISA_CALLS_PER_MINUTE: '1200',
    HANVISA_LONG_POLLS_PER_KEY: '5',
    HANVISA_HISTORY_DAYS: '30',
    HANVISA_AUDIT_DAYS: '730',
    HANVISA_ALLOWED_NETWORKS: '10.1.2.0/24, 192.168.7.9 fd12:3456:789a::/48',
    HANVISA_LOG_LEVEL: 'debug'
  })
  t.strictSame(config, {
    host: '0.0.0.0',
    port: 0,
    dataDir: folder,
    redisUrl: 'redis://:secret@redis:6379/2',
    role: 'worker',
    adminKey: 'a-key-of-twenty-signs',
    masterKey: Buffer.from(masterKey, 'base64'),
    masterKeyNext: Buffer.from(masterKeyNext, 'base64'),
    publicUrl: 'https://hanvisa.example.com',
    allowPrivateTargets: true,
    trustedProxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'],
    signIn: {
      issuer: 'https://login.microsoftonline.com/organizations/v2.0',
      clientId: 'id',
      clientSecret: 'a-key-of-twenty-signs',
      rolesClaim: 'realm_access.roles',
      providerDirectory: '72f988bf-86f1-41af-91ab-2d7cd011db47'
    },
    alarms: noAlarmSenders,
    providerApplication: {
      clientId: 'app',
      clientSecret: 'a-key-of-twenty-signs',
      endsAt: null,
      cloud: 'usgov'
    },
    maxCallsPerMinute: 1200,
    maxLongPollsPerKey: 5,
    historyMs: 30 * 86_400_000,
    auditDays: 730,
    allowedNetworks: ['10.1.2.0/24', '192.168.7.9/32', 'fd12:3456:789a::/48'],
    logLevel: 'debug'
  })
})

t.test('all faults at once, each with the setting and the remedy', async (t) => {
  const message = refusal({
    HANVISA_PORT: '80800',
    HANVISA_ROLE: 'cook',
    HANVISA_REDIS_URL: 'redis://secret@x',
    HANVISA_ADMIN_KEY: 'short',
    HANVISA_MASTER_KEY: 'c2hvcnQ=',
    HANVISA_PUBLIC_URL: 'http://hanvisa.example.com',
    HANVISA_ALLOW_PRIVATE_TARGETS: 'yes',
    HANVISA_TRUST_PROXY: '1, 0.0.0.0/0, 10.0.0.0/33, proxy.example',
    HANVISA_CALLS_PER_MINUTE: '0',
    HANVISA_LONG_POLLS_PER_KEY: 'many',
    HANVISA_HISTORY_DAYS: '1',
    HANVISA_LOG_LEVEL: 'loud',
    HANVISA_ADMINKEY: 'x'
  })
  for (const expected of [
    /HANVISA_PORT must be a number from 0 to 65535/,
    /HANVISA_TRUST_PROXY names "1": write addresses or CIDR ranges/,
    /HANVISA_TRUST_PROXY names "0\.0\.0\.0\/0"/,
    /HANVISA_TRUST_PROXY names "10\.0\.0\.0\/33"/,
    /HANVISA_TRUST_PROXY names "proxy\.example"/,
    /HANVISA_CALLS_PER_MINUTE must be a number from 1/,
    /HANVISA_HISTORY_DAYS must be a number from 2 to 9999: consumers resume within a day/,
    /HANVISA_LONG_POLLS_PER_KEY must be a number from 1/,
    /HANVISA_ROLE must be one of all, api, worker/,
    /HANVISA_REDIS_URL has a user without a password/,
    /HANVISA_ADMIN_KEY must be 20 to 200 visible ASCII.*openssl/,
    /HANVISA_MASTER_KEY must be 32 bytes in base64.*openssl/,
    /HANVISA_PUBLIC_URL must be an https URL/,
    /HANVISA_ALLOW_PRIVATE_TARGETS must be 0 or 1/,
    /HANVISA_LOG_LEVEL must be one of fatal/,
    /HANVISA_ADMINKEY is not a setting .a typing error/
  ]) {
    t.match(message, expected)
  }
  t.notMatch(message, /secret|short|c2hv/, 'and no secret among them')
})

t.test('a network that cannot be allowed is named, with what is wrong', async (t) => {
  const faults = {
    '10.1.2': /is no network: write it as/,
    'mail.example.se': /is no network/,
    '0x0a000001/8': /is no network/,
    'fe80::1%eth0': /is no network/,
    '10.1.2.0/24/8': /is no network/,
    '10.1.2.3/24': /has bits beyond its prefix/,
    'fd12:3456:789a::1/48': /has bits beyond its prefix/,
    '10.0.0.0/33': /has a prefix longer than 32 bits/,
    '0.0.0.0/0': /is wider than \/8/,
    '::/0': /is wider than \/7/,
    '127.0.0.0/8': /holds nothing but this machine itself/,
    '::1/128': /holds nothing but this machine itself/,
    '169.254.169.254': /holds nothing but this machine itself, a cloud's own services/,
    '169.254.0.0/16': /a cloud's own services/,
    '168.63.129.16': /a cloud's own services/,
    'fd00:ec2::/64': /a cloud's own services/,
    '::ffff:10.0.0.0/104': /forms of IPv6 that carry IPv4/,
    '2002:a00::/24': /forms of IPv6 that carry IPv4/
  }
  const message = refusal({ HANVISA_ALLOWED_NETWORKS: `10.0.0.0/8,${Object.keys(faults).join(', ')}` })
  const lines = message.split('\n').slice(1)
  t.equal(lines.length, Object.keys(faults).length, 'one line for each, none for the good one')
  for (const [index, [entry, why]] of Object.entries(faults).entries()) {
    t.match(lines[index], why, entry)
    t.ok(lines[index]?.includes(`HANVISA_ALLOWED_NETWORKS names "${entry}", which`), entry)
  }
})

t.test('with Redis the keys are given, and roles are for Redis', async (t) => {
  const redis = { HANVISA_REDIS_URL: 'redis://:hush@redis' }
  const missing = refusal({ ...redis, HANVISA_ROLE: 'api' })
  t.match(missing, /HANVISA_ADMIN_KEY is needed with Redis, the same in every process.*openssl/)
  t.match(missing, /HANVISA_MASTER_KEY is needed with Redis, the same in every process.*openssl/)
  t.notMatch(missing, /HANVISA_ROLE|hush/)
  const wrong = refusal({ HANVISA_REDIS_URL: 'http://:hush@redis', HANVISA_ADMIN_KEY: 'hush' })
  t.match(wrong, /HANVISA_REDIS_URL must be redis:/)
  t.match(wrong, /HANVISA_ADMIN_KEY must be 20 to 200/)
  t.match(wrong, /HANVISA_MASTER_KEY is needed/, 'reported beside a URL that cannot be used')
  t.notMatch(wrong, /hush/)
  for (const HANVISA_ROLE of ['api', 'worker']) {
    t.match(
      refusal({ HANVISA_ROLE }),
      new RegExp(`HANVISA_ROLE can be ${HANVISA_ROLE} only with Redis.*HANVISA_REDIS_URL`)
    )
  }
})

t.test('secrets in files', async (t) => {
  const folder = t.testdir({ empty: '\n', key: 'a-key-of-twenty-signs' })
  const file = { HANVISA_ADMIN_KEY_FILE: join(folder, 'key') }
  t.match(refusal({ ...file, HANVISA_ADMIN_KEY: 'another-key-of-twenty' }), /both set/)
  t.match(refusal({ HANVISA_ADMIN_KEY_FILE: join(folder, 'empty') }), /is empty/)
  t.match(refusal({ HANVISA_ADMIN_KEY_FILE: join(folder, 'none') }), /cannot be read \(ENOENT\)/)
  t.match(
    refusal({ HANVISA_MASTER_KEY_NEXT: masterKeyNext }),
    /HANVISA_MASTER_KEY_NEXT stands alone: set HANVISA_MASTER_KEY to the key that is in use/
  )
  t.match(
    refusal({ HANVISA_MASTER_KEY: masterKey, HANVISA_MASTER_KEY_NEXT: 'c2hvcnQ=' }),
    /HANVISA_MASTER_KEY_NEXT must be 32 bytes/
  )
  t.match(refusal({ HANVISA_PORT_FILE: join(folder, 'key') }), /HANVISA_PORT_FILE is not a setting/)
  for (const HANVISA_ADMIN_KEY of ['x'.repeat(201), 'with a space in the key', 'nyckel-på-tjugo-tecken']) {
    t.match(refusal({ HANVISA_ADMIN_KEY }), /HANVISA_ADMIN_KEY must be/)
  }
})

t.test('keys are generated once, readable by their owner alone, and not printed', async (t) => {
  const dataDir = join(t.testdir(), 'new', 'data')
  const lines: string[] = []
  const log = { info: (facts: object, message: string) => lines.push(JSON.stringify([facts, message])) }
  const none = { dataDir, adminKey: null, masterKey: null, masterKeyNext: null }
  const made = await openKeys(none, log)
  t.match(made.adminKey, /^[\x21-\x7e]{20,200}$/)
  t.equal(made.masterKey.length, 32)
  t.equal(lines.length, 2)
  for (const name of ['admin-key', 'master-key']) {
    const path = join(dataDir, name)
    t.equal((await stat(path)).mode & 0o777, 0o600)
    t.ok(lines.some((line) => line.includes(path)))
    const text = (await readFile(path, 'utf8')).trim()
    t.notOk(lines.some((line) => line.includes(text)))
  }
  t.strictSame(await openKeys(none, log), made, 'the next start finds them')
  t.equal(lines.length, 2)
  const set = await openKeys({ ...none, adminKey: 'a-key-of-twenty-signs' }, log)
  t.equal(set.adminKey, 'a-key-of-twenty-signs', 'a setting goes before a file')

  const next = await makeNextMasterKey(dataDir, log)
  t.equal((await stat(join(dataDir, 'master-key.next'))).mode & 0o777, 0o600)
  t.strictSame(await makeNextMasterKey(dataDir, log), next, 'a new master key is made once')
  t.strictSame((await openKeys(none, log)).masterKeyNext, next)
  await adoptNextMasterKey(dataDir)
  t.strictSame(await openKeys(none, log), { ...made, masterKey: next })
  t.equal((await stat(join(dataDir, 'master-key'))).mode & 0o777, 0o600)

  await writeFile(join(dataDir, 'admin-key'), 'short\n')
  await t.rejects(openKeys(none, log), { name: 'SetupError', message: /admin-key holds no key.*20 to 200/ })
  await writeFile(join(dataDir, 'file'), '')
  const blocked = { ...none, dataDir: join(dataDir, 'file') }
  await t.rejects(openKeys(blocked, log), {
    name: 'SetupError',
    message: /cannot be (read|written) \(ENOTDIR\)/
  })
})

t.test('sign-in: the issuer with all that it needs, or nothing of it', async (t) => {
  const issuer = 'https://login.microsoftonline.com/72F988BF-86F1-41AF-91AB-2D7CD011DB47/v2.0'
  const whole = {
    HANVISA_OIDC_ISSUER: issuer,
    HANVISA_OIDC_CLIENT_ID: 'id',
    HANVISA_OIDC_CLIENT_SECRET: 'secret',
    HANVISA_PUBLIC_URL: 'https://hanvisa.example.com',
    HANVISA_TRUST_PROXY: '10.0.0.1'
  }
  t.match(readConfig(whole).signIn, {
    rolesClaim: 'roles',
    providerDirectory: '72f988bf-86f1-41af-91ab-2d7cd011db47'
  })
  const providerOf = (issuer: string) =>
    readConfig({ ...whole, HANVISA_OIDC_ISSUER: issuer }).signIn?.providerDirectory
  t.equal(
    providerOf('https://login.microsoftonline.com/organizations/v2.0'),
    null,
    'every directory signs in there'
  )
  t.equal(providerOf('https://sso.example/realms/Acme'), 'https://sso.example/realms/acme')
  for (const [change, message] of [
    [{ HANVISA_OIDC_CLIENT_ID: '' }, /HANVISA_OIDC_CLIENT_ID is needed/],
    [{ HANVISA_OIDC_CLIENT_SECRET: '' }, /HANVISA_OIDC_CLIENT_SECRET is needed/],
    [{ HANVISA_OIDC_ISSUER: '' }, /HANVISA_OIDC_CLIENT_ID stands alone/],
    [{ HANVISA_PUBLIC_URL: '' }, /needs HANVISA_PUBLIC_URL/],
    [{ HANVISA_TRUST_PROXY: '' }, /needs HANVISA_TRUST_PROXY/],
    [{ HANVISA_OIDC_ISSUER: 'http://sso.example' }, /must begin with https/],
    [{ HANVISA_OIDC_ISSUER: 'sso.example' }, /must be an address/],
    [{ HANVISA_OIDC_ISSUER: 'https://login.microsoftonline.com/common/v2.0' }, /lets personal accounts in/]
  ] as const) {
    t.match(refusal({ ...whole, ...change }), message)
  }
})

t.test('consent: the application with all that it needs, or nothing of it', async (t) => {
  const whole = {
    HANVISA_ENTRA_CLIENT_ID: 'id',
    HANVISA_ENTRA_CLIENT_SECRET: 'secret',
    HANVISA_PUBLIC_URL: 'https://hanvisa.example.com'
  }
  const [pair, other] = await Promise.all([rsaCertificate(), rsaCertificate()])
  const certified = (change: Record<string, string>) => ({
    HANVISA_ENTRA_CLIENT_SECRET: '',
    HANVISA_ENTRA_CLIENT_CERTIFICATE: pair.certificate,
    HANVISA_ENTRA_CLIENT_KEY: pair.privateKey,
    ...change
  })
  t.strictSame(readConfig({ ...whole, ...certified({}) }).providerApplication, {
    clientId: 'id',
    certificate: { certificate: pair.certificate.trim(), privateKey: pair.privateKey.trim() },
    endsAt: Date.parse(new X509Certificate(pair.certificate).validTo),
    cloud: 'global'
  })
  const expires = (day: string) => ({ ...whole, HANVISA_ENTRA_CLIENT_SECRET_EXPIRES: day })
  t.equal(readConfig(expires('2027-06-30')).providerApplication?.endsAt, Date.UTC(2027, 5, 30))
  t.equal(readConfig(whole).providerApplication?.endsAt, null, 'not known')
  const cloudOf = (cloud: string) =>
    readConfig({ ...whole, HANVISA_ENTRA_CLOUD: cloud }).providerApplication?.cloud
  t.equal(cloudOf(''), 'global')
  t.strictSame(cloudOf('https://login.example https://graph.example'), {
    login: 'https://login.example',
    graph: 'https://graph.example'
  })
  t.equal(readConfig({}).providerApplication, null)
  for (const [change, message] of [
    [{ HANVISA_ENTRA_CLIENT_ID: '' }, /HANVISA_ENTRA_CLIENT_SECRET stands alone/],
    [{ HANVISA_ENTRA_CLIENT_ID: 'a b' }, /HANVISA_ENTRA_CLIENT_ID must be the application/],
    [{ HANVISA_ENTRA_CLIENT_SECRET: '' }, /HANVISA_ENTRA_CLIENT_SECRET or a certificate is needed/],
    [{ HANVISA_ENTRA_CLIENT_KEY: 'x' }, /HANVISA_ENTRA_CLIENT_SECRET stands beside a certificate/],
    [certified({ HANVISA_ENTRA_CLIENT_KEY: '' }), /HANVISA_ENTRA_CLIENT_KEY is needed/],
    [certified({ HANVISA_ENTRA_CLIENT_CERTIFICATE: '' }), /HANVISA_ENTRA_CLIENT_CERTIFICATE is needed/],
    [certified({ HANVISA_ENTRA_CLIENT_CERTIFICATE: 'x' }), /HANVISA_ENTRA_CLIENT_CERTIFICATE is no X.509/],
    [
      certified({ HANVISA_ENTRA_CLIENT_KEY: other.privateKey }),
      /HANVISA_ENTRA_CLIENT_KEY is not the private key/
    ],
    [expires('2027-02-30'), /HANVISA_ENTRA_CLIENT_SECRET_EXPIRES must be a day such as 2027-06-30/],
    [
      { ...expires('2027-06-30'), ...certified({}) },
      /HANVISA_ENTRA_CLIENT_SECRET_EXPIRES stands beside a certificate/
    ],
    [{ HANVISA_PUBLIC_URL: '' }, /needs HANVISA_PUBLIC_URL/],
    [{ HANVISA_ENTRA_CLOUD: 'mars' }, /HANVISA_ENTRA_CLOUD must be one of global/],
    [{ HANVISA_ENTRA_CLOUD: 'http://login.example https://graph.example' }, /HANVISA_ENTRA_CLOUD must be/]
  ] as const) {
    t.match(refusal({ ...whole, ...change }), message)
  }
})

async function rsaCertificate(): Promise<{ certificate: string; privateKey: string }> {
  const { certificate, key } = await certificateOf({ kind: 'RSA, SHA-256' })
  return { certificate, privateKey: key }
}
