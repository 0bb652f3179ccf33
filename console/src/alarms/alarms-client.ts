/** The alarms of a customer, or of the provider, by the same calls. */
import { api, dataOf, type Schemas } from '../api/client.ts'

export type Alarm = Schemas['Alarm']
export type AlarmSettings = Schemas['AlarmSettings']
export type Recipient = Schemas['AlarmRecipient']
export type RecipientBody = Schemas['AlarmRecipientPut']

export interface AlarmsClient {
  list(): Promise<readonly Alarm[]>
  /** Null: it is told again. */
  mute(cause: Alarm['cause'], until: string | null): Promise<void>
  settings(): Promise<AlarmSettings>
  saveSettings(body: AlarmSettings): Promise<AlarmSettings>
  recipients(): Promise<readonly Recipient[]>
  put(recipient: string, body: RecipientBody): Promise<Recipient>
  remove(recipient: string): Promise<void>
  confirm(recipient: string, code: string): Promise<Recipient>
  sendCode(recipient: string): Promise<Recipient>
  test(recipient: string): Promise<Schemas['AlarmRecipientTest']>
}

/** Null: the provider's. */
export function alarmsClient(tenant: string | null): AlarmsClient {
  return tenant === null ? providerAlarms : alarmsOf(tenant)
}

function alarmsOf(tenant: string): AlarmsClient {
  const params = { path: { tenant } }
  const paramsOf = (recipient: string) => ({ path: { tenant, recipient } })
  const root = '/v1/tenants/{tenant}/alarms'
  return {
    list: async () => (await dataOf(api.GET(root, { params }))).alarms,
    mute: async (cause, until) => {
      await dataOf(api.POST(`${root}/{cause}/mute`, { params: { path: { tenant, cause } }, body: { until } }))
    },
    settings: () => dataOf(api.GET(`${root}/settings`, { params })),
    saveSettings: (body) => dataOf(api.PUT(`${root}/settings`, { params, body })),
    recipients: async () => (await dataOf(api.GET(`${root}/recipients`, { params }))).recipients,
    put: (id, body) => dataOf(api.PUT(`${root}/recipients/{recipient}`, { params: paramsOf(id), body })),
    remove: async (id) => {
      await dataOf(api.DELETE(`${root}/recipients/{recipient}`, { params: paramsOf(id) }))
    },
    confirm: (id, code) =>
      dataOf(api.POST(`${root}/recipients/{recipient}/confirm`, { params: paramsOf(id), body: { code } })),
    sendCode: (id) => dataOf(api.POST(`${root}/recipients/{recipient}/code`, { params: paramsOf(id) })),
    test: (id) => dataOf(api.POST(`${root}/recipients/{recipient}/test`, { params: paramsOf(id) }))
  }
}

const paramsOf = (recipient: string) => ({ path: { recipient } })
const root = '/v1/alarms'

const providerAlarms: AlarmsClient = {
  list: async () => (await dataOf(api.GET(root))).alarms,
  mute: async (cause, until) => {
    await dataOf(api.POST(`${root}/{cause}/mute`, { params: { path: { cause } }, body: { until } }))
  },
  settings: () => dataOf(api.GET(`${root}/settings`)),
  saveSettings: (body) => dataOf(api.PUT(`${root}/settings`, { body })),
  recipients: async () => (await dataOf(api.GET(`${root}/recipients`))).recipients,
  put: (id, body) => dataOf(api.PUT(`${root}/recipients/{recipient}`, { params: paramsOf(id), body })),
  remove: async (id) => {
    await dataOf(api.DELETE(`${root}/recipients/{recipient}`, { params: paramsOf(id) }))
  },
  confirm: (id, code) =>
    dataOf(api.POST(`${root}/recipients/{recipient}/confirm`, { params: paramsOf(id), body: { code } })),
  sendCode: (id) => dataOf(api.POST(`${root}/recipients/{recipient}/code`, { params: paramsOf(id) })),
  test: (id) => dataOf(api.POST(`${root}/recipients/{recipient}/test`, { params: paramsOf(id) }))
}
