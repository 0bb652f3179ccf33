/** Autodiscover: who asks, and at which server; redirects on order; the answer in SOAP, or in POX as since 2007. */
import type { EntraDirectories } from '../directories.ts'
import type { FaultEffect, Faults } from '../faults.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Requests } from '../requests.ts'
import type { ServerAuthenticator } from './authenticator.ts'
import { type Discovery, redirectFor } from './autodiscover-parts.ts'
import { poxAddress, poxAnswer } from './autodiscover-pox.ts'
import { busySoap, soapAddresses, soapAnswer } from './autodiscover-soap.ts'
import { corruptAnswer, errorPage, faultAnswer, xmlAnswer } from './injected-faults.ts'
import type { ExchangeInstallation, Installations } from './installations.ts'
import { parseXml } from './xml.ts'

export interface AutodiscoverHandlerDeps {
  readonly installations: Installations
  readonly directories: EntraDirectories
  readonly mailboxes: Mailboxes
  readonly faults: Faults
  readonly requests: Requests
  readonly authenticator: ServerAuthenticator
  readonly clock: () => number
}

/** Answers `/autodiscover/autodiscover.svc` and `.xml`, below a tenant's name or not; null for everything else. */
export function createAutodiscoverHandler(
  deps: AutodiscoverHandlerDeps
): (call: ProtocolRequest) => Promise<ProtocolResponse | null> {
  return async (call) => {
    const [folder, file] = call.segments.slice(-2).map((each) => each.toLowerCase())
    if (folder !== 'autodiscover' || !/^autodiscover\.(svc|xml)$/.test(file ?? '')) return null
    const pox = file === 'autodiscover.xml'
    const document = call.method === 'POST' ? parseXml(call.body) : null
    const addresses = document ? (pox ? [poxAddress(document)] : soapAddresses(document)) : []
    const installation = meant(deps, call.segments.slice(0, -2), addresses[0] ?? '')
    const soap = installation !== undefined && installation.version.build[0] > 8
    if (!installation || (!pox && !soap)) return errorPage(404, 'File or directory not found.')
    const away = redirectFor(installation, addresses[0] ?? '')
    const from = away?.startsWith('302 ') ? away.slice('302 '.length) : null
    // The Managed API looks for these with a GET, signed in or not.
    const headers = soap ? { 'X-SOAP-Enabled': 'True', 'X-WSSecurity-Enabled': 'True' } : {}
    const finish = (answer: ProtocolResponse, who: string | null): ProtocolResponse => {
      deps.requests.add({
        at: deps.clock(),
        route: 'autodiscover',
        tenant: installation.tenant,
        clientId: who,
        mailbox: addresses.length === 1 ? (addresses[0] ?? null) : null,
        method: call.method,
        url: call.url,
        status: answer.status,
        items: addresses.length,
        batch: null
      })
      return { ...answer, headers: { ...answer.headers, ...headers } }
    }
    if (from !== null) return finish(errorPage(302, 'Object moved', { Location: from }), null)
    const entered = deps.authenticator.authenticate(installation, call)
    if (entered.outcome !== 'signedIn') {
      return finish(
        errorPage(401, 'Unauthorized', { 'WWW-Authenticate': [...entered.authenticate] }),
        entered.user
      )
    }
    const who = 'clientId' in entered.who ? entered.who.clientId : entered.who.address
    const effect = await deps.faults.apply(
      { tenant: [installation.tenant], clientId: who, mailbox: addresses, route: 'autodiscover' },
      call.signal
    )
    if (!document) return finish(errorPage(call.method === 'POST' ? 400 : 200, 'Bad Request'), who)
    const discovery: Discovery = {
      installation,
      mailboxes: deps.mailboxes,
      document,
      url: ewsUrlOf(deps, installation, call),
      now: deps.clock()
    }
    const answer =
      faultAnswerOf(effect, discovery, pox) ?? (pox ? poxAnswer(discovery) : soapAnswer(discovery))
    return finish(corruptAnswer(answer, effect, installation.version), who)
  }
}

function faultAnswerOf(
  effect: FaultEffect | null,
  discovery: Discovery,
  pox: boolean
): ProtocolResponse | null {
  if (effect?.kind === 'ews' && !pox) return xmlAnswer(200, busySoap(discovery, effect.code))
  return faultAnswer(effect, discovery.installation, 'GetUserSettings')
}

/** By the tenant in the path, else by the address's domain, else the server that was put first. */
function meant(
  { directories, installations }: AutodiscoverHandlerDeps,
  before: readonly string[],
  address: string
): ExchangeInstallation | undefined {
  if (before.length > 1) return undefined
  const directory = directories.find(before[0] ?? address.split('@')[1] ?? '')
  const found = directory && installations.get(directory.id)
  return found ?? (before.length === 0 ? installations.first() : undefined)
}

function ewsUrlOf(
  { installations }: AutodiscoverHandlerDeps,
  { tenant }: ExchangeInstallation,
  call: ProtocolRequest
): string {
  const origin = `https://${call.headers.host ?? 'localhost'}`
  const first = installations.first()?.tenant === tenant
  return first ? `${origin}/EWS/Exchange.asmx` : `${origin}/${tenant}/EWS/Exchange.asmx`
}
