/** What stands in the replies to operations that the EWS connector does not use yet, file by file. */
export const checkedOperations: Readonly<Record<string, string>> = {
  'createitem-calendaritem-impersonation.xml': 'CreateItemResponse NoError CalendarItem',
  'createitem-calendaritem.xml': 'CreateItemResponse NoError CalendarItem',
  'createitem-contact-error.xml': 'CreateItemResponse ErrorCannotCreateContactInNonContactFolder',
  'createitem-contact.xml': 'CreateItemResponse NoError Contact',
  'createitem-error-serverbusy-backoff.xml': 'CreateItemResponse ErrorServerBusy after 297749',
  'findfolder-error-toomanyobjectsopened.xml': 'FindFolderResponse ErrorTooManyObjectsOpened',
  'getevents-error.xml': 'GetEventsResponse ErrorSubscriptionAccessDenied',
  'getevents-pull.xml': 'GetEventsResponse NoError NewMailEvent NewMailEvent',
  'getfolder-calendar.xml': 'GetFolderResponse NoError CalendarFolder',
  'getitem-calendaritem-allproperties.xml':
    'GetItemResponse NoError CalendarItem ForwardItem IsAllDayEvent CalendarItem CalendarItem',
  'getitem-calendaritem.xml': 'GetItemResponse NoError CalendarItem ForwardItem',
  'getitem-contact.xml': 'GetItemResponse NoError Contact',
  'getitem-error-invalidpropertyrequest.xml': 'GetItemResponse ErrorInvalidPropertyRequest',
  'getuseroofsettings.xml': 'GetUserOofSettingsResponse NoError Disabled',
  'resolvenames.xml': 'ResolveNamesResponse NoError Resolution Contact',
  'sendnotification-push-status.xml': 'RequestServerVersion SendNotification NoError StatusEvent',
  'subscribe-pull.xml': 'SubscribeResponse NoError',
  'subscribe-push.xml': 'SubscribeResponse NoError',
  'syncfolderitems-create.xml': 'SyncFolderItemsResponse NoError Create',
  'syncfolderitems-error-invalidsyncstate.xml': 'SyncFolderItemsResponse ErrorInvalidSyncStateData',
  'syncfolderitems-initial.xml': 'SyncFolderItemsResponse NoError Create Create Create Create Create',
  'updateitem-calendaritem.xml': 'UpdateItemResponse NoError CalendarItem'
}
