/** The calendar folder over EWS: found, read, written and removed, by whoever may. */
import t from '../group/tap.ts'
import { calendarOf, every, itemShape, openEws, outline, tenant, texts, view } from './ews-open.ts'

const lunch = {
  id: 'lunch',
  subject: 'LUN: sill',
  start: '2026-11-23T11:00:00Z',
  end: '2026-11-23T12:00:00Z'
}
const daily = {
  id: 'daily',
  subject: 'Avstämning',
  start: '2026-11-20T08:00:00Z',
  end: '2026-11-20T08:30:00Z',
  recurrence: {
    every: 'day',
    skip: ['2026-11-24'],
    changes: {
      '2026-11-25': { subject: 'Flyttad', start: '2026-11-25T14:00:00Z', end: '2026-11-25T15:00:00Z' }
    }
  }
} as const
const anna = { address: 'anna@example.se', aliases: ['a@example.se'] }
const impersonate = { name: 'anna@example.se' }
const wanted = [
  'item:Subject',
  'item:Sensitivity',
  'item:Categories',
  'item:LastModifiedTime',
  'calendar:Start',
  'calendar:End',
  'calendar:IsAllDayEvent',
  'calendar:LegacyFreeBusyStatus',
  'calendar:Location',
  'calendar:IsCancelled',
  'calendar:MyResponseType',
  'calendar:CalendarItemType',
  'calendar:UID'
]

t.test(
  'a view holds every occurrence in it, with the properties asked for in the schema’s order',
  async (t) => {
    const { put, ask } = await openEws(t)
    const rich = {
      ...lunch,
      location: 'Rum 1 & 2',
      categories: ['Röd'],
      sensitivity: 'private',
      showAs: 'workingElsewhere',
      response: 'declined',
      cancelled: true
    } as const
    put({ ...anna, events: [rich, daily] })
    const shape = itemShape('IdOnly', ...wanted)
    const response = await ask(view(calendarOf(), { shape, to: '2026-11-26T00:00:00Z' }), { impersonate })
    t.equal(response.status, 200)
    const items = every(response.body, 'CalendarItem')
    const rest = 'UID,Start,End,IsAllDayEvent,LegacyFreeBusyStatus'
    const last = 'IsCancelled,CalendarItemType,MyResponseType'
    t.same(items.map(outline), [
      `CalendarItem(ItemId,Subject,Sensitivity,LastModifiedTime,${rest},${last})`,
      `CalendarItem(ItemId,Subject,Sensitivity,Categories(String),LastModifiedTime,${rest},Location,${last})`,
      `CalendarItem(ItemId,Subject,Sensitivity,LastModifiedTime,${rest},${last})`
    ])
    t.same(texts(response.body, 'Start'), [
      '2026-11-23T08:00:00Z',
      '2026-11-23T11:00:00Z',
      '2026-11-25T14:00:00Z'
    ])
    t.same(texts(response.body, 'CalendarItemType'), ['Occurrence', 'Single', 'Exception'])
    t.same(texts(items[1], 'MyResponseType'), ['Decline'])
    t.same(texts(items[1], 'LegacyFreeBusyStatus'), ['WorkingElsewhere'])
    t.same(texts(items[1], 'Subject'), ['LUN: sill'], 'a private subject is shown to whoever may read')
    t.match(every(response.body, 'RootFolder')[0]?.attributes, {
      TotalItemsInView: '3',
      IncludesLastItemInRange: 'true'
    })
    const stockholm = { impersonate, zone: 'W. Europe Standard Time' }
    t.same(texts((await ask(view(calendarOf()), stockholm)).body, 'Start')[0], '2026-11-23T09:00:00+01:00')
    const usual = await ask(view(calendarOf()), { impersonate })
    t.equal(
      outline(every(usual.body, 'CalendarItem')[0]!),
      'CalendarItem(ItemId,Subject,HasAttachments,Start,End,LegacyFreeBusyStatus,Organizer(Mailbox(Name,EmailAddress,RoutingType)))'
    )
  }
)

t.test(
  'a view is cut at MaxEntriesReturned and at the server’s own limit, and says so by one attribute',
  async (t) => {
    const { put, ask, simulator } = await openEws(t, {
      findCount: 3,
      accounts: [{ user: 'svc-hanvisa', password: 'hemligt ✓', impersonates: 'everybody' }]
    })
    put({ ...anna, events: [daily] })
    const cut = async (most: string, version = 'Exchange2016') => {
      const response = await ask(view(calendarOf(), { most, to: '2026-12-23T00:00:00Z' }), {
        impersonate,
        version
      })
      const root = every(response.body, 'RootFolder')[0]?.attributes
      return root
        ? [every(response.body, 'CalendarItem').length, root.TotalItemsInView, root.IncludesLastItemInRange]
        : response.code
    }
    t.same(await cut('2'), [2, '29', 'false'])
    t.same(await cut(''), [3, '29', 'false'])
    t.same(await cut('2', 'Exchange2010'), [2, '29', 'false'])
    t.equal(await cut('', 'Exchange2010'), 'ErrorServerBusy')
    t.equal(await cut('0'), 'ErrorSchemaValidation')
    const code = async (options: object) => (await ask(view(calendarOf(), options), { impersonate })).code
    t.equal(await code({ to: '2029-01-01T00:00:00Z' }), 'ErrorCalendarViewRangeTooBig')
    t.equal(await code({ to: '2026-11-22T00:00:00Z' }), 'ErrorCalendarEndDateIsEarlierThanStartDate')
    t.equal(await code({ shape: itemShape('Most') }), 'ErrorSchemaValidation')
    t.equal(await code({ shape: itemShape('IdOnly', 'calendar:no such thing') }), 'ErrorSchemaValidation')
    t.equal(
      (await ask(view('<t:DistinguishedFolderId Id="inbox"/>'), { impersonate })).code,
      'ErrorCalendarFolderIsInvalidForCalendarView'
    )
    t.match(
      (await ask(view('<t:DistinguishedFolderId Id="Calendar"/>'), { impersonate })).text,
      /The value 'Calendar' is invalid/
    )
    t.equal(simulator.requests.count({ route: 'findItem' }), 11)
  }
)

t.test('a folder opens to Reviewer rights, under its primary address, and to nobody with less', async (t) => {
  const { put, ask } = await openEws(t)
  for (const right of ['none', 'freeBusy', 'limitedDetails', 'reviewer', 'fullAccess'] as const) {
    put({
      address: `${right}@example.se`,
      aliases: [`alias.${right}@example.se`],
      rights: { 'svc@example.se': right },
      events: [lunch]
    })
  }
  const codes = async (operation: (address: string) => string) => {
    const names = ['none', 'freeBusy', 'limitedDetails', 'reviewer', 'fullAccess', 'alias.reviewer', 'nobody']
    return Promise.all(names.map(async (name) => (await ask(operation(`${name}@example.se`))).code))
  }
  const expected = [
    'ErrorFolderNotFound',
    'ErrorAccessDenied',
    'ErrorAccessDenied',
    'NoError',
    'NoError',
    'ErrorNonPrimarySmtpAddress',
    'ErrorNonExistentMailbox'
  ]
  t.same(await codes((address) => view(calendarOf(address))), expected)
  const getFolder = (id: string) =>
    `<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>${id}</m:FolderIds></m:GetFolder>`
  t.same(await codes((address) => getFolder(calendarOf(address))), expected)
  const response = await ask(getFolder(calendarOf('reviewer@example.se')))
  t.equal(
    outline(every(response.body, 'Folders')[0]!),
    'Folders(CalendarFolder(FolderId,DisplayName,TotalCount,ChildFolderCount))'
  )
  t.same(texts(response.body, 'DisplayName'), ['Kalender'], 'in the user’s language')
  const id = every(response.body, 'FolderId')[0]?.attributes.Id
  t.equal((await ask(view(`<t:FolderId Id="${id}"/>`))).code, 'NoError')
  t.equal((await ask(view('<t:FolderId Id="nonsense"/>'))).code, 'ErrorInvalidIdMalformed')
  t.equal((await ask(view(calendarOf()))).code, 'ErrorMissingEmailAddress', 'the account has no mailbox')
})

t.test(
  'an item is created, changed and deleted where Graph and the control API see it, by whoever may write',
  async (t) => {
    const { put, ask, simulator } = await openEws(t)
    put({ ...anna, rights: { 'svc@example.se': 'reviewer' }, events: [daily] })
    const item =
      '<t:CalendarItem><t:Subject>MÖT: nytt</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Categories><t:String>Röd</t:String></t:Categories><t:Start>2026-11-23T10:00:00+01:00</t:Start><t:End>2026-11-23T11:00:00+01:00</t:End><t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus><t:Location>Rum</t:Location></t:CalendarItem>'
    const create = (folder: string, items = item, send = ' SendMeetingInvitations="SendToNone"') =>
      `<m:CreateItem${send}><m:SavedItemFolderId>${folder}</m:SavedItemFolderId><m:Items>${items}</m:Items></m:CreateItem>`
    t.equal(
      (await ask(create(calendarOf(), item, ''), { impersonate })).code,
      'ErrorSendMeetingInvitationsRequired'
    )
    t.equal(
      (await ask(create(calendarOf('anna@example.se')))).code,
      'ErrorCreateItemAccessDenied',
      'a reviewer'
    )
    const made = await ask(create(calendarOf()), { impersonate })
    t.equal(outline(every(made.body, 'Items')[0]!), 'Items(CalendarItem(ItemId))')
    const { Id, ChangeKey } = every(made.body, 'ItemId')[0]!.attributes
    const stored = () =>
      [...simulator.mailboxes.get(tenant, 'anna@example.se')!.events.values()].map(({ input }) => input)
    t.match(stored()[1], {
      subject: 'MÖT: nytt',
      sensitivity: 'private',
      categories: ['Röd'],
      start: '2026-11-23T09:00:00.000Z',
      showAs: 'oof',
      location: 'Rum'
    })
    const whole = item
      .replace('<t:Start>', '<t:IsAllDayEvent>true</t:IsAllDayEvent><t:Start>')
      .replace('11:00:00', '10:30:00')
    await ask(create(calendarOf(), whole), { impersonate })
    t.match(stored()[2], { allDay: true, start: '2026-11-23', end: '2026-11-24' })

    const update = (id: string, set: string, resolution = 'NeverOverwrite') =>
      `<m:UpdateItem ConflictResolution="${resolution}" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange>${id}<t:Updates>${set}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`
    const subject =
      '<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>Ändrat</t:Subject></t:CalendarItem></t:SetItemField>'
    const known = `<t:ItemId Id="${Id}" ChangeKey="${ChangeKey}"/>`
    const changed = await ask(
      update(
        known,
        `${subject}<t:DeleteItemField><t:FieldURI FieldURI="calendar:Location"/></t:DeleteItemField>`
      ),
      { impersonate }
    )
    t.equal(changed.code, 'NoError')
    t.equal(
      outline(every(changed.body, 'UpdateItemResponseMessage')[0]!),
      'UpdateItemResponseMessage(ResponseCode,Items(CalendarItem(ItemId)),ConflictResults(Count))'
    )
    t.match(stored()[1], { subject: 'Ändrat', location: '', showAs: 'oof' })
    t.equal((await ask(update(known, subject), { impersonate })).code, 'ErrorIrresolvableConflict')
    t.equal(
      (await ask(update(`<t:ItemId Id="${Id}"/>`, subject), { impersonate })).code,
      'ErrorChangeKeyRequiredForWriteOperations'
    )
    t.equal(
      (await ask(update(`<t:ItemId Id="${Id}"/>`, subject, 'AlwaysOverwrite'), { impersonate })).code,
      'NoError'
    )
    t.equal((await ask(update(known, subject, 'AlwaysOverwrite'))).code, 'ErrorAccessDenied')

    const found = await ask(
      view(calendarOf(), { from: '2026-11-26T00:00:00Z', to: '2026-11-27T00:00:00Z' }),
      { impersonate }
    )
    const occurrence = every(found.body, 'ItemId')[0]!.attributes.Id
    await ask(update(`<t:ItemId Id="${occurrence}"/>`, subject, 'AlwaysOverwrite'), { impersonate })
    t.match(stored()[0]?.recurrence?.changes, {
      '2026-11-26': { subject: 'Ändrat' },
      '2026-11-25': { subject: 'Flyttad' }
    })
    const get = (id: string | undefined) =>
      `<m:GetItem>${itemShape('Default')}<m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:GetItem>`
    t.same(texts((await ask(get(occurrence))).body, 'Subject'), ['Ändrat'])

    const remove = (id: string | undefined) =>
      `<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:DeleteItem>`
    t.equal((await ask(remove(Id))).code, 'ErrorCannotDeleteObject')
    t.equal((await ask(remove(Id), { impersonate })).code, 'NoError')
    t.equal((await ask(remove(Id), { impersonate })).code, 'ErrorItemNotFound')
    await ask(remove(occurrence), { impersonate })
    t.same(stored()[0]?.recurrence?.skip, ['2026-11-24', '2026-11-26'])
    t.equal(stored().length, 2)
  }
)

t.test('names are resolved as the directory does', async (t) => {
  const { put, ask } = await openEws(t)
  put({ ...anna, displayName: 'Anna Ek' })
  put({ address: 'anders@example.se', displayName: 'Anders Ek' })
  const resolve = (name: string, full = 'true') =>
    ask(
      `<m:ResolveNames ReturnFullContactData="${full}"><m:UnresolvedEntry>${name}</m:UnresolvedEntry></m:ResolveNames>`
    )
  const one = await resolve('smtp:a@example.se')
  t.equal(
    outline(every(one.body, 'ResolutionSet')[0]!),
    'ResolutionSet(Resolution(Mailbox(Name,EmailAddress,RoutingType,MailboxType),Contact(DisplayName,EmailAddresses(Entry,Entry),ContactSource)))'
  )
  const two = await resolve('Ek', 'false')
  t.equal(two.code, 'ErrorNameResolutionMultipleResults')
  t.same(texts(two.body, 'EmailAddress'), ['anna@example.se', 'anders@example.se'])
  t.equal((await resolve('nobody')).code, 'ErrorNameResolutionNoResults')
})
