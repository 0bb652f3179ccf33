/** Clients that we did not write, in processes of their own, read and write the simulator's EWS as they come. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { InstallationInput } from '../../simulator/ews/installations.ts'
import { type Simulator, startSimulator } from '../../simulator/simulator.ts'
import t from '../group/tap.ts'
import { service as account, tenant } from './ews-open.ts'

/** requests knows Basic in Latin-1 alone. */
const service = { ...account, password: 'lösenord & <mer>' }

const stored = (simulator: Simulator) =>
  [...(simulator.mailboxes.get(tenant, 'anna@example.se')?.events.values() ?? [])].map(({ input }) => input)

t.test('ews-javascript-api finds, reads, creates, changes, deletes, follows and discovers', async (t) => {
  const { simulator, env } = await start(t)
  const script = `
    import E from 'ews-javascript-api'
    const said = (name, value) => console.log(JSON.stringify([name, value]))
    const time = (text) => E.DateTime.Parse(text)
    const service = new E.ExchangeService(E.ExchangeVersion.Exchange2013_SP1)
    service.Url = new E.Uri('${simulator.ewsUrl}')
    service.Credentials = new E.WebCredentials('HANVISA\\\\svc-hanvisa', ${JSON.stringify(service.password)})
    const calendar = E.WellKnownFolderName.Calendar
    const folder = new E.FolderId(calendar, new E.Mailbox('anna@example.se'))
    said('folder', (await E.Folder.Bind(service, folder)).DisplayName)
    const window = new E.TimeWindow(time('2026-11-23T00:00:00Z'), time('2026-11-25T00:00:00Z'))
    const people = ['anna', 'bo', 'nobody'].map((name) => new E.AttendeeInfo(name + '@example.se'))
    const { AttendeesAvailability } = await service.GetUserAvailability(people, window, E.AvailabilityData.FreeBusy)
    said('availability', AttendeesAvailability.Responses.map((each) => [each.ErrorCode, E.FreeBusyViewType[each.ViewType], each.CalendarEvents.map((event) => [event.StartTime.ToISOString(), event.Details?.Subject, E.LegacyFreeBusyStatus[event.FreeBusyStatus]])]))
    said('names', (await service.ResolveName('anna')).Count)

    service.ImpersonatedUserId = new E.ImpersonatedUserId(E.ConnectingIdType.SmtpAddress, 'anna@example.se')
    service.HttpHeaders.Add('X-AnchorMailbox', 'anna@example.se')
    const view = () => new E.CalendarView(time('2026-11-23T00:00:00Z'), time('2026-11-25T00:00:00Z'))
    const found = async () => (await service.FindAppointments(calendar, view())).Items
    said('found', (await found()).map((each) => [each.Subject, each.Start.ToISOString(), E.AppointmentType[each.AppointmentType]]))
    const made = new E.Appointment(service)
    made.Subject = 'MÖT: från ejs'
    // It writes text unescaped: an ampersand would make the request no XML.
    made.Location = 'Rum 1'
    made.Start = time('2026-11-24T13:00:00Z')
    made.End = time('2026-11-24T14:00:00Z')
    made.LegacyFreeBusyStatus = E.LegacyFreeBusyStatus.OOF
    await made.Save(calendar, E.SendInvitationsMode.SendToNone)
    made.Subject = 'Ändrat'
    await made.Update(E.ConflictResolutionMode.AlwaysOverwrite, E.SendInvitationsOrCancellationsMode.SendToNone)
    const read = await E.Appointment.Bind(service, made.Id)
    said('read', [read.Subject, read.Location, read.Start.ToISOString(), E.MeetingResponseType[read.MyResponseType]])

    const followed = await service.SubscribeToPullNotifications([new E.FolderId(calendar)], 5, null, E.EventType.Deleted)
    const changes = await service.SyncFolderItems(new E.FolderId(calendar), new E.PropertySet(E.BasePropertySet.IdOnly), null, 100, E.SyncFolderItemsScope.NormalItems, null)
    said('changes', changes.Count)
    await made.Delete(E.DeleteMode.HardDelete, E.SendCancellationsMode.SendToNone)
    said('events', (await followed.GetEvents()).AllEvents.map((each) => E.EventType[each.EventType]))

    const streaming = await service.SubscribeToStreamingNotifications([new E.FolderId(calendar)], E.EventType.Created)
    const connection = new E.StreamingSubscriptionConnection(service, 1)
    connection.AddSubscription(streaming)
    const received = new Promise((resolve) => connection.OnNotificationEvent.push((_, { Events }) => resolve(Events.map((each) => E.EventType[each.EventType]))))
    connection.Open()
    said('open')
    said('received', await received)

    service.ImpersonatedUserId = new E.ImpersonatedUserId(E.ConnectingIdType.SmtpAddress, 'bo@example.se')
    said('denied', await found().catch((error) => [error instanceof Error, error.ErrorCode, error.responseCode]))
    const autodiscover = new E.AutodiscoverService(new E.Uri('${simulator.origin}/autodiscover/autodiscover.svc'), 'example.se', E.ExchangeVersion.Exchange2013)
    autodiscover.Credentials = service.Credentials
    said('settings', (await autodiscover.GetUserSettings('anna@example.se', [E.UserSettingName.ExternalEwsUrl])).Settings.objects)
    process.exit()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: simulator.caFile ?? '' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const report = await reportFrom(child, happensOnce(simulator))
  t.same(report, {
    folder: 'Kalender',
    availability: [
      [
        0,
        'Detailed',
        [
          ['2026-11-23T08:00:00.000Z', 'Avstämning', 'Busy'],
          ['2026-11-23T11:00:00.000Z', 'LUN: <sill>', 'Tentative'],
          ['2026-11-24T08:00:00.000Z', 'Avstämning', 'Busy']
        ]
      ],
      [0, 'FreeBusy', [['2026-11-23T11:00:00.000Z', null, 'Busy']]],
      [264, 'None', []]
    ],
    names: 1,
    found: [
      ['Avstämning', '2026-11-23T08:00:00.000Z', 'Occurrence'],
      ['LUN: <sill>', '2026-11-23T11:00:00.000Z', 'Single'],
      ['Avstämning', '2026-11-24T08:00:00.000Z', 'Occurrence']
    ],
    read: ['Ändrat', 'Rum 1', '2026-11-24T13:00:00.000Z', 'Organizer'],
    changes: 3,
    events: ['Deleted'],
    received: ['Created'],
    denied: [false, 0, 119],
    settings: { 58: simulator.ewsUrl }
  })
  t.match(stored(simulator), [
    { subject: 'LUN: <sill>' },
    { subject: 'Avstämning' },
    { start: '2026-12-01T09:00:00Z' }
  ])
})

t.test(
  'exchangelib finds, reads, creates, changes, deletes, follows and discovers, over Basic and over NTLM',
  async (t) => {
    const [python, reason] = await pythonWith('exchangelib')
    if (python === null) return void t.pass('exchangelib reads and writes', { skip: reason })
    for (const kind of ['BASIC', 'NTLM']) {
      const { simulator, env } = await start(t)
      const script = `
import datetime, json, warnings
from exchangelib import *
from exchangelib.autodiscover.protocol import AutodiscoverProtocol
from exchangelib.items import SEND_TO_NONE
def said(name, value): print(json.dumps([name, value]), flush=True)
credentials = Credentials('HANVISA\\\\svc-hanvisa', ${JSON.stringify(service.password)})
configuration = Configuration(service_endpoint='${simulator.ewsUrl}', credentials=credentials, auth_type=${kind})
account = Account('anna@example.se', config=configuration, autodiscover=False, access_type=IMPERSONATION)
zone = EWSTimeZone('Europe/Stockholm')
def at(*when): return datetime.datetime(2026, 11, *when, tzinfo=zone)
said('version', [str(account.version.build), account.version.api_version])
def shown(): return [[i.subject, i.start.isoformat(), i.legacy_free_busy_status, i.type] for i in account.calendar.view(start=at(23), end=at(25))]
said('found', shown())
item = CalendarItem(account=account, folder=account.calendar, subject='MÖT: från exchangelib', start=at(24, 10), end=at(24, 11), location='Rum <1>', legacy_free_busy_status='OOF', categories=['Röd'])
item.save(send_meeting_invitations=SEND_TO_NONE)
item.subject = 'Ändrat'
item.save(update_fields=['subject'], send_meeting_invitations=SEND_TO_NONE)
read = account.calendar.get(id=item.id, changekey=item.changekey)
said('read', [read.subject, read.location, read.categories, read.start.isoformat()])
said('created', [kind for kind, _ in account.calendar.sync_items(only_fields=['subject'])])
item.delete(send_meeting_cancellations=SEND_TO_NONE)
said('deleted', [kind for kind, _ in account.calendar.sync_items(only_fields=['subject'])])
people = [(name + '@example.se', 'Required', False) for name in ['anna', 'bo', 'nobody']]
views = account.protocol.get_free_busy_info(accounts=people, start=at(23), end=at(24), requested_view='DetailedMerged')
said('views', [[v.view_type, [e.details and e.details.subject for e in v.calendar_events or []]] if hasattr(v, 'view_type') else type(v).__name__ for v in views])
with account.calendar.streaming_subscription() as subscription:
    said('open', None)
    notifications = account.calendar.get_streaming_events(subscription, connection_timeout=1, max_notifications_returned=1)
    said('received', [type(event).__name__ for notification in notifications for event in notification.events])
said('names', [m.email_address for m in account.protocol.resolve_names(['anna'])])
discover = AutodiscoverProtocol(config=Configuration(service_endpoint='${simulator.origin}/autodiscover/autodiscover.svc', credentials=credentials, auth_type=${kind}))
said('url', discover.get_user_settings(user='anna@example.se').ews_url)
`
      const child = spawn(python, ['-W', 'ignore', '-c', script], {
        env: { ...process.env, ...env, REQUESTS_CA_BUNDLE: simulator.caFile ?? '' },
        stdio: ['ignore', 'pipe', 'pipe']
      })
      const report = await reportFrom(child, happensOnce(simulator))
      const found = [
        ['Avstämning', '2026-11-23T08:00:00+00:00', 'Busy', 'Occurrence'],
        ['LUN: <sill>', '2026-11-23T11:00:00+00:00', 'Tentative', 'Single'],
        ['Avstämning', '2026-11-24T08:00:00+00:00', 'Busy', 'Occurrence']
      ]
      t.same(
        report,
        {
          version: ['15.2.2562.17', 'Exchange2016'],
          found,
          read: ['Ändrat', 'Rum <1>', ['Röd'], '2026-11-24T09:00:00+00:00'],
          created: ['create', 'create', 'create'],
          deleted: ['delete'],
          views: [
            ['DetailedMerged', ['Avstämning', 'LUN: <sill>']],
            ['FreeBusyMerged', [null]],
            'ErrorMailRecipientNotFound'
          ],
          received: ['CreatedEvent', 'FreeBusyChangedEvent'],
          names: ['anna@example.se'],
          url: simulator.ewsUrl
        },
        kind
      )
      t.match(stored(simulator), [{ subject: 'LUN: <sill>' }, { subject: 'Avstämning' }, {}])
    }
  }
)

async function start(t: Pick<Tap, 'testdir' | 'teardown'>, input: InstallationInput = {}) {
  const simulator = await startSimulator({ folder: t.testdir() })
  t.teardown(() => simulator.close())
  simulator.directories.put({ id: tenant, domain: 'example.se' })
  simulator.installations.put(tenant, {
    accounts: [{ ...service, impersonates: ['anna@example.se'] }],
    ...input
  })
  const lunch = { subject: 'LUN: <sill>', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
  const daily = {
    subject: 'Avstämning',
    start: '2026-11-23T08:00:00Z',
    end: '2026-11-23T08:30:00Z',
    recurrence: { every: 'day' }
  } as const
  const rights = { 'svc@example.se': 'reviewer' } as const
  simulator.mailboxes.put(tenant, {
    address: 'anna@example.se',
    rights,
    events: [{ ...lunch, showAs: 'tentative' }, daily]
  })
  simulator.mailboxes.put(tenant, { address: 'bo@example.se', events: [lunch] })
  // Times without a zone are the client's own: it must not matter where the test runs.
  return { simulator, env: { TZ: 'UTC' } }
}
type Tap = typeof t

/** Puts an event once the client has said that it listens, and the server has its subscription. */
function happensOnce(simulator: Simulator): (said: string) => void {
  return (said) => {
    if (said !== 'open') return
    const timer = setInterval(() => {
      if (simulator.requests.count({ route: 'getStreamingEvents' }) === 0) return
      clearInterval(timer)
      const event = { start: '2026-12-01T09:00:00Z', end: '2026-12-01T10:00:00Z' }
      simulator.mailboxes.putEvent(tenant, 'anna@example.se', event)
    }, 20)
  }
}

/** What it printed, by name; what it printed else when it fails. */
async function reportFrom(child: ReturnType<typeof spawn>, onReport: (name: string) => void = () => {}) {
  const report: Record<string, unknown> = {}
  let [rest, complaints] = ['', '']
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('["')) continue
      const [name, value] = JSON.parse(line) as [string, unknown]
      if (value !== null || name !== 'open') report[name] = value
      onReport(name)
    }
  })
  const [code] = await once(child, 'close')
  if (code !== 0)
    throw new Error(`it ended with ${code} after ${JSON.stringify(report)}: ${complaints.slice(-2000)}`)
  return report
}

/** Null with the reason. Installed from Debian where that can be. */
async function pythonWith(module: string): Promise<[string, string] | [null, string]> {
  const interpreters = ['python3', '/usr/bin/python3']
  for (const install of [false, true]) {
    if (install) {
      const [code, said] = await run('apt-get', ['install', '-y', `python3-${module}`], 90_000)
      if (code !== 0)
        return [null, `python3-${module} cannot be installed here: ${said.trim().split('\n').at(-1)}`]
    }
    for (const python of interpreters) {
      if ((await run(python, ['-c', `import ${module}`], 30_000))[0] === 0) return [python, '']
    }
  }
  return [null, `python3-${module} was installed, and no python3 finds it`]
}

async function run(command: string, words: string[], timeout: number): Promise<[number | null, string]> {
  const child = spawn(command, words, { timeout, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve([null, error.message]))
    child.once('close', (code) => resolve([code, said || 'it took too long']))
  })
}
