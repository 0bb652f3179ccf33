/** SMS gateways as data: where a message is posted, how it is signed in, and what the body looks like. */
import { type Static, Type } from 'typebox'
import { Enum, Strict } from '../../lib/json-schema.ts'

/** `{to}` is E.164, `{msisdn}` the same without its `+`; `{text}`, `{from}`, `{id}` (ours), and the names of HANVISA_SMS_PARAMETERS. */
export const SmsGatewaySchema = Strict({
  url: Type.String({ pattern: '^https?://' }),
  auth: Enum(['basic', 'bearer', 'token', 'none']),
  contentType: Enum(['form', 'json']),
  body: Type.Record(Type.String(), Type.Unknown()),
  /** A member of the answer, and what it is where the message was taken, for gateways that answer 200 to refusals. */
  ok: Type.Optional(Strict({ member: Type.String(), value: Type.Union([Type.String(), Type.Number()]) }))
})
export type SmsGateway = Static<typeof SmsGatewaySchema>

export const smsPresets = {
  /** 46elks.se/docs/send-sms */
  '46elks': {
    url: 'https://api.46elks.com/a1/sms',
    auth: 'basic',
    contentType: 'form',
    body: { from: '{from}', to: '{to}', message: '{text}', dontlog: 'message' }
  },
  /** twilio.com/docs/messaging/api/message-resource; the user is the account's SID. */
  twilio: {
    url: 'https://api.twilio.com/2010-04-01/Accounts/{user}/Messages.json',
    auth: 'basic',
    contentType: 'form',
    body: { From: '{from}', To: '{to}', Body: '{text}' }
  },
  /** developers.sinch.com/docs/sms/api-reference/sms/batches; the user is the service plan's id. */
  sinch: {
    url: 'https://{region}.sms.api.sinch.com/xms/v1/{user}/batches',
    auth: 'bearer',
    contentType: 'json',
    body: { from: '{from}', to: ['{to}'], body: '{text}', type: 'mt_text', client_reference: '{id}' }
  },
  /** gatewayapi.com/docs/apis/rest; in the EU HANVISA_SMS_URL is https://gatewayapi.eu/rest/mtsms. */
  gatewayapi: {
    url: 'https://gatewayapi.com/rest/mtsms',
    auth: 'token',
    contentType: 'json',
    body: { sender: '{from}', message: '{text}', recipients: [{ msisdn: '{msisdn}' }], userref: '{id}' }
  },
  /** LINK's Common Platform, as in public clients (the crate `linkmobility`); the address is by contract. */
  link: {
    url: 'https://n-eu.linkmobility.io/sms/send',
    auth: 'basic',
    contentType: 'json',
    body: {
      source: '{from}',
      sourceTON: 'ALPHANUMERIC',
      destination: '{to}',
      userData: '{text}',
      platformId: '{platformId}',
      platformPartnerId: '{platformPartnerId}',
      refId: '{id}',
      useDeliveryReport: false
    },
    ok: { member: 'resultCode', value: 1005 }
  }
} as const satisfies Readonly<Record<string, SmsGateway>>

export interface SmsSettings {
  readonly gateway: SmsGateway
  readonly user: string | null
  readonly password: string
  readonly from: string
  readonly parameters: Readonly<Record<string, string>>
}

/** What each preset needs beside user, password and sender. */
const defaults: Readonly<Record<string, string>> = { region: 'eu', platformId: 'COMMON_API' }

/** What a gateway's texts name; `user` is among them. */
export function placeholdersIn(gateway: SmsGateway): readonly string[] {
  return [...JSON.stringify([gateway.url, gateway.body]).matchAll(/\{([A-Za-z]+)\}/g)].map(
    ([, name]) => name!
  )
}

export const messagePlaceholders = ['to', 'msisdn', 'text', 'from', 'id', 'user'] as const

export function withDefaults(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...defaults, ...parameters }
}
