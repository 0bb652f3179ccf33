/** Folders: whose calendar an id means, and whether the caller may open it. GetFolder and FindFolder. */

import type { Mailbox, Right } from '../calendar-item.ts'
import { ewsRefusal } from '../hosting.ts'
import { rightOfAddress } from '../mailboxes.ts'
import { attempt, ItemError, responseMessages, SoapFault } from './envelope.ts'
import type { RequestContext } from './request-context.ts'
import { all, descendantAt, escapeText, textAt, type XmlElement } from './xml.ts'

/** Those of a mailbox that has nothing but a calendar. */
const folderNames = [
  'root',
  'msgfolderroot',
  'calendar',
  'inbox',
  'contacts',
  'tasks',
  'deleteditems'
] as const
export type FolderName = (typeof folderNames)[number]

const shown: Readonly<Record<FolderName, { element: string; name: string; kind: string }>> = {
  root: { element: 'Folder', name: '', kind: '' },
  msgfolderroot: { element: 'Folder', name: 'Top of Information Store', kind: 'IPF.Note' },
  // Named in the user's language: only the distinguished id says what it is.
  calendar: { element: 'CalendarFolder', name: 'Kalender', kind: 'IPF.Appointment' },
  inbox: { element: 'Folder', name: 'Inkorg', kind: 'IPF.Note' },
  contacts: { element: 'ContactsFolder', name: 'Kontakter', kind: 'IPF.Contact' },
  tasks: { element: 'TasksFolder', name: 'Uppgifter', kind: 'IPF.Task' },
  deleteditems: { element: 'Folder', name: 'Borttaget', kind: 'IPF.Note' }
}

export interface Opened {
  readonly mailbox: Mailbox
  readonly folder: FolderName
  /** Reviewer or more. */
  readonly right: Right
}

/** A FolderId or a DistinguishedFolderId, opened with the caller's eyes; throws an ItemError when that may not be. */
export function openFolder(context: RequestContext, id: XmlElement | undefined): Opened {
  if (id?.name === 'FolderId') {
    const [owner, folder] = decoded(id.attributes.Id ?? '').split('\nfolder\n')
    const mailbox = context.mailboxes.find(context.installation.tenant, owner ?? '')
    const name = folderNames.find((each) => each === folder)
    if (!mailbox || !name) throw new ItemError('ErrorInvalidIdMalformed', 'The Id is malformed.')
    return opened(context, mailbox, name)
  }
  if (id?.name !== 'DistinguishedFolderId') {
    throw new SoapFault(
      'ErrorSchemaValidation',
      'The request failed schema validation: a folder id is missing.'
    )
  }
  const name = id.attributes.Id ?? ''
  if (!/^[a-z]+$/.test(name)) {
    throw new SoapFault(
      'ErrorSchemaValidation',
      `The request failed schema validation: The 'Id' attribute is invalid - The value '${name}' is invalid according to its datatype 'http://schemas.microsoft.com/exchange/services/2006/types:DistinguishedFolderIdNameType' - The Enumeration constraint failed.`
    )
  }
  const folder = folderNames.find((each) => each === name)
  const address = textAt(id, 'Mailbox', 'EmailAddress')
  const mailbox = address === undefined ? ownMailbox(context) : mailboxByAddress(context, address)
  if (!folder) throw notFound()
  return opened(context, mailbox, folder)
}

function ownMailbox({ caller }: RequestContext): Mailbox {
  if (caller.mailbox) return caller.mailbox
  throw new ItemError(
    'ErrorMissingEmailAddress',
    'When making a request as an account that does not have a mailbox, you must specify the mailbox primary SMTP address for any distinguished folder Ids.'
  )
}

/** Of the primary address alone. */
export function mailboxByAddress({ mailboxes, installation }: RequestContext, address: string): Mailbox {
  const mailbox = mailboxes.find(installation.tenant, address)
  const refusal = ewsRefusal(mailbox?.hosting)
  if (refusal !== null || !mailbox) throw new ItemError(refusal!.code, refusal!.message)
  if (mailbox.address.toLowerCase() !== address.toLowerCase()) {
    throw new ItemError(
      'ErrorNonPrimarySmtpAddress',
      'The primary SMTP address must be specified when referencing a mailbox.'
    )
  }
  return mailbox
}

/** No right at all hides the folder; a right to free/busy alone does not open it. */
function opened({ caller }: RequestContext, mailbox: Mailbox, folder: FolderName): Opened {
  const right = rightOfAddress(mailbox, caller.address)
  if (right === 'none') throw notFound()
  const own = right === 'fullAccess'
  if (!own && (folder !== 'calendar' || right !== 'reviewer')) throw denied()
  return { mailbox, folder, right }
}

export function denied(): ItemError {
  return new ItemError('ErrorAccessDenied', 'Access is denied. Check credentials and try again.')
}

function notFound(): ItemError {
  return new ItemError('ErrorFolderNotFound', 'The specified folder could not be found in the store.')
}

export function getFolder(context: RequestContext): string {
  const ids = descendantAt(context.operation, 'FolderIds')?.children ?? []
  const base = textAt(context.operation, 'FolderShape', 'BaseShape') ?? 'IdOnly'
  const messages = ids.map((id) =>
    attempt('GetFolder', '<m:Folders/>', () => {
      const { mailbox, folder, right } = openFolder(context, id)
      return `<m:Folders>${folderShape(context, mailbox, folder, right, base)}</m:Folders>`
    })
  )
  return responseMessages('GetFolder', messages)
}

/** The whole of it, flat: a mailbox here has no folders of anybody's own. */
export function findFolder(context: RequestContext): string {
  const base = textAt(context.operation, 'FolderShape', 'BaseShape') ?? 'IdOnly'
  const parents = descendantAt(context.operation, 'ParentFolderIds')?.children ?? []
  const messages = parents.map((id) =>
    attempt('FindFolder', '', () => {
      const { mailbox, folder, right } = openFolder(context, id)
      const inside =
        folder === 'calendar' ? [] : folderNames.filter((name) => name !== 'root' && name !== folder)
      const folders = inside.map((name) => folderShape(context, mailbox, name, right, base))
      return `<m:RootFolder IndexedPagingOffset="${inside.length}" TotalItemsInView="${inside.length}" IncludesLastItemInRange="true"><t:Folders>${folders.join('')}</t:Folders></m:RootFolder>`
    })
  )
  return responseMessages('FindFolder', messages)
}

function folderShape(
  context: RequestContext,
  mailbox: Mailbox,
  folder: FolderName,
  right: Right,
  base: string
): string {
  const { element, name, kind } = shown[folder]
  const asFields = all(descendantAt(context.operation, 'FolderShape', 'AdditionalProperties'), 'FieldURI')
  const fields = new Set(asFields.map(({ attributes }) => attributes.FieldURI))
  const has = (field: string, inBase: boolean) => inBase || fields.has(`folder:${field}`)
  const everything = base === 'AllProperties'
  const usual = everything || base === 'Default'
  const parent = folder === 'msgfolderroot' ? 'root' : 'msgfolderroot'
  const count = folder === 'calendar' ? mailbox.events.size : 0
  const writes = right === 'fullAccess'
  const parts = [
    `<t:FolderId Id="${folderIdOf(mailbox, folder)}" ChangeKey="${folderChangeKey(mailbox)}"/>`,
    has('ParentFolderId', everything) && folder !== 'root'
      ? `<t:ParentFolderId Id="${folderIdOf(mailbox, parent)}" ChangeKey="AQAAAA=="/>`
      : '',
    has('FolderClass', everything) && kind !== '' ? `<t:FolderClass>${kind}</t:FolderClass>` : '',
    has('DisplayName', usual) ? `<t:DisplayName>${escapeText(name)}</t:DisplayName>` : '',
    has('TotalCount', usual) ? `<t:TotalCount>${count}</t:TotalCount>` : '',
    has('ChildFolderCount', usual) ? '<t:ChildFolderCount>0</t:ChildFolderCount>' : '',
    has('DistinguishedFolderId', false) ? `<t:DistinguishedFolderId>${folder}</t:DistinguishedFolderId>` : '',
    has('EffectiveRights', everything)
      ? `<t:EffectiveRights><t:CreateAssociated>${writes}</t:CreateAssociated><t:CreateContents>${writes}</t:CreateContents><t:CreateHierarchy>${writes}</t:CreateHierarchy><t:Delete>${writes}</t:Delete><t:Modify>${writes}</t:Modify><t:Read>true</t:Read></t:EffectiveRights>`
      : ''
  ]
  return `<t:${element}>${parts.join('')}</t:${element}>`
}

const folderPrefix = 'AQMkADBi'

export function folderIdOf(mailbox: Mailbox, folder: FolderName): string {
  return `${folderPrefix}${Buffer.from(`${mailbox.objectId}\nfolder\n${folder}`).toString('base64')}`
}

export function folderChangeKey(mailbox: Mailbox): string {
  return `AgAAABYAAAA${Buffer.from(String(mailbox.change).padStart(9, '0')).toString('base64')}`
}

function decoded(id: string): string {
  return id.startsWith(folderPrefix) ? Buffer.from(id.slice(folderPrefix.length), 'base64').toString() : ''
}
