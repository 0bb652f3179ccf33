/**
 * SMS over each gateway. The fakes are written from the vendors' own pages (sms-gateways.ts names them): what they demand of a request,
 * and what they answer. LINK's is from public clients alone, for its own pages are for customers.
 */
import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { foldToGsm7 } from '../../src/alarms/gsm7.ts'
import { openSmsSender } from '../../src/alarms/senders/sms.ts'
import { type SmsGateway, smsPresets, withDefaults } from '../../src/alarms/senders/sms-gateways.ts'
import { readAlarms } from '../../src/config-alarms.ts'
import { anyAddress } from '../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../src/connectors/net/http-client.ts'
import t from '../group/tap.ts'
import { type ReceivedRequest, startHttpReceiver } from './http-receiver.ts'

const text = 'Hanvisa: Acme "AB" & co: kalendersystemet kan inte nås {to} 100 %. Sedan kl. 08.14.'
const message = { id: 'alarm-acme-e1-1', inReplyTo: null, subject: '', text: '', short: text, events: [] }
const to = '+46701234567'

type Preset = keyof typeof smsPresets

/** What a gateway demands, and what it answers when it has that. */
interface FakeGateway {
  readonly path: string
  readonly authorization: string
  readonly accepts: (request: ReceivedRequest) => boolean
  readonly status: number
  readonly answer: object
}

const basic = (user: string) => `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`
const form = ({ body }: ReceivedRequest) => new URLSearchParams(body)
const json = ({ body }: ReceivedRequest) => JSON.parse(body)

const fakes: Readonly<Record<Preset, FakeGateway>> = {
  '46elks': {
    path: '/a1/sms',
    authorization: basic('user'),
    accepts: (request) =>
      form(request).get('from') === 'Hanvisa' &&
      form(request).get('to') === to &&
      form(request).get('message') === text,
    status: 200,
    answer: { id: 's70df59406a1b4643b96f3f91e0bfb7b0', status: 'created', parts: 1 }
  },
  twilio: {
    path: '/2010-04-01/Accounts/user/Messages.json',
    authorization: basic('user'),
    accepts: (request) =>
      form(request).get('From') === 'Hanvisa' &&
      form(request).get('To') === to &&
      form(request).get('Body') === text,
    status: 201,
    answer: { sid: 'SM1', status: 'queued' }
  },
  sinch: {
    path: '/xms/v1/user/batches',
    authorization: 'Bearer secret',
    accepts: (request) => {
      const { from, to: list, body, type, client_reference } = json(request)
      return (
        from === 'Hanvisa' &&
        list.length === 1 &&
        list[0] === to &&
        body === text &&
        type === 'mt_text' &&
        client_reference === message.id
      )
    },
    status: 201,
    answer: { id: '01FC66621XXXXX119Z8PMV1QPQ' }
  },
  gatewayapi: {
    path: '/rest/mtsms',
    authorization: 'Token secret',
    accepts: (request) => {
      const { sender, message: said, recipients, userref } = json(request)
      return (
        sender === 'Hanvisa' &&
        said === text &&
        /^\d+$/.test(`${recipients[0].msisdn}`) &&
        userref === message.id
      )
    },
    status: 200,
    answer: { ids: [421332671], usage: { countries: { SE: 1 } } }
  },
  link: {
    path: '/sms/send',
    authorization: basic('user'),
    accepts: (request) => {
      const { source, destination, userData, platformId, platformPartnerId } = json(request)
      return (
        source === 'Hanvisa' &&
        destination === to &&
        userData === text &&
        platformId === 'COMMON_API' &&
        platformPartnerId === '1234'
      )
    },
    status: 200,
    answer: { messageId: 'x', resultCode: 1005 }
  }
}

async function open(t: Test, preset: Preset) {
  const receiver = await startHttpReceiver(t)
  const known: SmsGateway = smsPresets[preset]
  const http = openHttpClient({ addressPolicy: anyAddress })
  t.teardown(() => http.close())
  const gateway = { ...known, url: known.url.replace(/^https:\/\/[^/]+/, receiver.origin) }
  const parameters = withDefaults({ platformPartnerId: '1234' })
  const sender = openSmsSender(
    { gateway, user: 'user', password: 'secret', from: 'Hanvisa', parameters },
    { http, log: { warn: () => {} } }
  )
  return { receiver, send: () => sender.send({ to, format: null, secret: null }, message) }
}

for (const preset of Object.keys(fakes) as Preset[]) {
  t.test(`${preset} takes the message, and its refusals are told apart`, async (t) => {
    const { path, authorization, accepts, status, answer } = fakes[preset]
    const { receiver, send } = await open(t, preset)
    receiver.answer = (request, reply) => {
      if (request.method !== 'POST' || request.path !== path) return reply.writeHead(404).end('{}')
      if (request.headers.authorization !== authorization) return reply.writeHead(401).end('{}')
      if (!accepts(request))
        return reply.writeHead(400).end(JSON.stringify({ code: 21211, message: 'Invalid' }))
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    }
    t.match(await send(), { code: 'sent' })
    const answers: readonly (readonly [(reply: ServerResponse) => void, string])[] = [
      [(reply) => reply.writeHead(401).end('API credentials missing'), 'auth_failed'],
      [(reply) => reply.writeHead(400).end('{"code":21211}'), 'refused'],
      [(reply) => reply.writeHead(429).end(), 'temporary'],
      [(reply) => reply.writeHead(503).end(), 'temporary'],
      [(reply) => reply.destroy(), 'uncertain']
    ]
    for (const [answer, code] of answers) {
      receiver.answer = (_, reply) => answer(reply)
      t.match(await send(), { code })
    }
  })
}

t.test('LINK says in the body whether it took a message', async (t) => {
  const { receiver, send } = await open(t, 'link')
  receiver.answer = (_, reply) => reply.writeHead(200).end('{"resultCode":106102,"description":"no route"}')
  t.match(await send(), { code: 'refused', said: /106102/ })
  receiver.answer = (_, reply) => reply.writeHead(200).end('<html>')
  t.match(await send(), { code: 'refused' })
})

t.test('nothing is sent where nothing listens, and it may be tried again', async (t) => {
  const http = openHttpClient({ addressPolicy: anyAddress })
  t.teardown(() => http.close())
  const gateway = { ...smsPresets['46elks'], url: 'http://127.0.0.1:9/a1/sms' }
  const settings = { gateway, user: 'user', password: 'secret', from: 'Hanvisa', parameters: {} }
  const sender = openSmsSender(settings, { http, log: { warn: () => {} } })
  t.match(await sender.send({ to, format: null, secret: null }, message), { code: 'temporary' })
})

t.test('a text is one part of GSM-7, whatever is in it', async (t) => {
  t.equal(foldToGsm7('Räksmörgås – “så” … é ø æ'), 'Räksmörgås - "så" ... é ø æ')
  t.equal(foldToGsm7('Łódź ћ 漢 🙂'), '?ódz ? ? ?'.replace('ó', 'o'))
  t.equal(foldToGsm7('x'.repeat(300)).length, 160)
  t.equal(foldToGsm7('€'.repeat(300)).length, 80, 'what counts twice')
  t.equal(foldToGsm7('a\r\nb'), 'a  b')
})

t.test('the settings of the gateway', async (t) => {
  const read = (values: Record<string, string>) => {
    const faults: string[] = []
    const config = readAlarms(
      (name) => values[name] ?? null,
      (name, message) => faults.push(`${name} ${message}`)
    )
    return { faults, ...config }
  }
  const whole = {
    HANVISA_SMS_GATEWAY: '46elks',
    HANVISA_SMS_USER: 'u',
    HANVISA_SMS_PASSWORD: 'p',
    HANVISA_SMS_FROM: 'Hanvisa'
  }
  t.match(read(whole), { faults: [], sms: { user: 'u', from: 'Hanvisa', gateway: { auth: 'basic' } } })
  t.match(read({ ...whole, HANVISA_SMS_GATEWAY: 'sinch' }), {
    faults: [],
    sms: { parameters: { region: 'eu' } }
  })
  t.match(read({ ...whole, HANVISA_SMS_GATEWAY: 'link' }).faults, [
    /HANVISA_SMS_PARAMETERS lacks platformPartnerId/
  ])
  t.match(read({ ...whole, HANVISA_SMS_GATEWAY: 'nosuch' }).faults, [
    /HANVISA_SMS_GATEWAY must be one of 46elks/
  ])
  t.match(read({ ...whole, HANVISA_SMS_FROM: 'twelve signs' }).faults, [/HANVISA_SMS_FROM/])
  t.match(read({ HANVISA_SMS_USER: 'u' }).faults, [/HANVISA_SMS_USER stands alone/])
  t.match(read({ ...whole, HANVISA_SMS_PARAMETERS: 'nonsense' }).faults, [
    /HANVISA_SMS_PARAMETERS must be like/
  ])
  const folder = t.testdir({
    'own.json': JSON.stringify({
      url: 'http://sms.internal/send/{room}',
      auth: 'none',
      contentType: 'json',
      body: { to: '{msisdn}', text: '{text}' }
    }),
    'bad.json': '{"url":"x"}'
  })
  const own = {
    HANVISA_SMS_GATEWAY: `${folder}/own.json`,
    HANVISA_SMS_FROM: '46701',
    HANVISA_SMS_PARAMETERS: 'room=a'
  }
  t.match(read(own), { faults: [], sms: { gateway: { auth: 'none' }, parameters: { room: 'a' } } })
  t.match(read({ ...own, HANVISA_SMS_GATEWAY: `${folder}/bad.json` }).faults, [/describes no gateway/])
  t.match(read({ HANVISA_ALERTMANAGER_URL: 'am:9093' }).faults, [/HANVISA_ALERTMANAGER_URL/])
  t.match(read({ HANVISA_ALERTMANAGER_URL: 'http://a:9093/, http://b:9093' }), {
    alertmanagers: ['http://a:9093', 'http://b:9093']
  })
  t.match(read({ HANVISA_HEARTBEAT_URL: 'hc-ping.com' }).faults, [/HANVISA_HEARTBEAT_URL/])
})
