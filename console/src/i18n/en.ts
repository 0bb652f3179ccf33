/** The console in English; the other languages have the same keys, which the compiler checks. */
export const en = {
  nav: {
    label: 'Pages',
    now: 'Now',
    rules: 'Rules',
    hours: 'Hours',
    users: 'Users',
    health: 'Health',
    alarms: 'Alarms',
    connection: 'Connection',
    keys: 'Keys',
    consumers: 'Consumers',
    audit: 'Audit',
    tenants: 'Customers',
    groups: { day: 'Today', setUp: 'Set up', follow: 'Follow up' },
    skip: 'Skip to content',
    language: 'Language',
    theme: 'Appearance',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    signOut: 'Sign out',
    settings: 'Language, appearance and sign-out'
  },
  signIn: {
    lead: 'See who is diverted, until when, and why.',
    organisation: 'Sign in with your organisation',
    or: 'or with a key',
    key: 'Key',
    keyHelp: 'Your provider or operator made it for you. It begins with hvk_ and is kept in this tab alone.',
    show: 'Show the key',
    submit: 'Sign in with the key',
    refused:
      'This key is not valid. It may have been revoked or have expired: ask whoever gave it to you for a new one.',
    monitor: 'This key may only read figures. Use a key of another role here.',
    ended: 'The session has ended. Sign in again; nothing that was saved is lost.'
  },
  tenants: {
    title: 'Customers',
    search: 'Find a customer by name or id',
    none: 'There is no customer yet. Make the first one.',
    more: (n: number) => `and ${n} more: type a part of the name`,
    noMatch: 'No customer matches.'
  },
  live: {
    live: 'Live',
    connecting: 'Connecting …',
    offline: (time: string) => `No connection since ${time}. What you see may be old.`,
    offlineShort: 'No connection',
    degraded: 'The store does not answer: statuses go on, nothing can be saved.',
    clock: (minutes: number) =>
      `The clock of this computer is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'fast' : 'slow'}. Times are shown by the service’s clock.`
  },
  now: {
    title: 'Now',
    search: 'Find by name, extension or number',
    people: (n: number) => (n === 1 ? '1 person' : `${n} people`),
    found: (n: number, all: number) => `${n} of ${all}`,
    list: 'List',
    grouped: 'Grouped',
    wall: 'Wall view',
    leaveWall: 'Leave the wall view',
    view: 'View',
    filter: 'Phone',
    all: 'All',
    open: 'Open',
    closed: 'Closed',
    columns: { person: 'Person', diversion: 'Diversion', until: 'Until', back: 'Back', next: 'Next' },
    until: (when: string) => `until ${when}`,
    back: (when: string) => `back ${when}`,
    indefinite: 'until further notice',
    unknownEnd: 'longer than two weeks',
    next: (what: string, when: string) => `${what} ${when}`,
    byHand: 'Set by hand',
    forwarded: (number: string) => `Calls go to ${number}`,
    noUsers: 'Nobody is here yet. Add users under Users, and connect their calendars.',
    noMatch: 'Nobody matches. Try a part of the name, or the extension.',
    setStatus: (name: string) => `Set the diversion of ${name}`,
    set: 'Set',
    remove: 'Follow the calendar again',
    wasSet: (name: string, what: string) => `${name}: ${what}`,
    wasRemoved: (name: string) => `${name} follows the calendar again`,
    absence: 'Enter an absence …',
    undo: 'Undo',
    keys: 'Keys: ↑ ↓ choose · O set, then its digit · A enter an absence · Delete follow the calendar · Enter open'
  },
  sync: {
    fresh: 'Calendar up to date',
    stale: (when: string) => `Calendar not read since ${when}`,
    failed: 'The calendar cannot be read',
    never: 'The calendar has not been read yet',
    off: 'No calendar'
  },
  phone: { open: 'Phone open', closed: 'Phone closed', soon: 'Changes soon' },
  person: {
    back: 'Everybody',
    today: 'Today',
    fortnight: 'The coming fortnight',
    layers: { result: 'Result', override: 'Set by hand', absences: 'Absences', calendar: 'Calendar' },
    hint: 'Hover over a bar, or use the arrow keys, to see which rule gave it.',
    nothing: 'Nothing diverts this phone in the coming fortnight.',
    empty: 'Phone open: nothing diverts.',
    noUser: 'There is no such person here.',
    calendar: 'Calendar',
    remedy: 'What to do',
    triggers: 'Own triggers',
    triggersHelp: 'Words that this person writes in the calendar. They come before those of the company.',
    noTriggers: 'No words of their own.',
    add: 'Add',
    word: 'Word',
    gives: 'Diversion',
    removeTrigger: (text: string) => `Remove ${text}`,
    alsoMatched: 'Also matched, and gave way',
    extension: 'Extension'
  },
  rules: {
    title: 'Rules',
    version: (n: number) => `Version ${n}`,
    unsaved: 'Not saved yet',
    save: 'Save',
    discard: 'Discard',
    saved: (n: number) => `Saved as version ${n}. The calendars are being read again.`,
    conflict: 'Somebody else saved meanwhile. Look at what they changed before you save over it.',
    takeTheirs: 'Take theirs, drop mine',
    keepMine: 'Keep mine as the next version',
    tryIt: 'Try it',
    trySubject: 'A subject as somebody would write it',
    tryExample: 'LUN with Anna',
    tryNothing: 'No trigger takes it: the event counts by its busy status.',
    triggers: 'Triggers',
    triggersHelp: 'The first that matches wins. Move them by the handle, or with Alt ↑ and Alt ↓.',
    match: { prefix: 'begins with', word: 'holds the word', category: 'has the category' },
    text: 'Text',
    diversion: 'Diversion',
    moveUp: 'Move up',
    moveDown: 'Move down',
    remove: 'Remove',
    addTrigger: 'Add a trigger',
    availability: 'Without a trigger',
    availabilityHelp: 'What the busy status alone gives.',
    busyStatus: {
      free: 'Free',
      tentative: 'Tentative',
      busy: 'Busy',
      oof: 'Out of office',
      workingElsewhere: 'Working elsewhere'
    },
    none: 'Does not divert',
    catalogue: 'Catalogue',
    catalogueHelp: 'Where events overlap, the higher one wins.',
    findings: 'To look at',
    noFindings: 'Nothing stands in the way of anything else.',
    effect: 'What would change',
    effectHelp: 'Reads the calendars of those you choose, in memory, and compares the coming week.',
    effectRun: 'Compare',
    effectNone: 'Nothing would change for them.',
    effectTotal: (n: number, all: number) => `${n} of ${all} would change`,
    versions: 'Versions',
    restore: 'Restore',
    restored: (n: number) => `Version ${n} holds again, as a new version.`,
    by: (who: string) => `by ${who}`
  },
  users: {
    title: 'Users',
    search: 'Find by name, extension, number or mailbox',
    unreadable: 'Whose mailbox cannot be read',
    everybody: 'Everybody',
    none: 'No users yet. Import a sheet, or add them one by one.',
    noneUnreadable: 'Every mailbox can be read.',
    noMatch: 'Nobody matches.',
    columns: { name: 'Name', extension: 'Extension', mailbox: 'Mailbox', calendar: 'Calendar' },
    more: 'Show more'
  },
  health: {
    title: 'Health',
    connection: 'Connection',
    states: {
      absent: 'No calendar is connected',
      untried: 'Nothing was read yet',
      working: 'Works',
      failing: 'Fails for everybody'
    },
    read: (when: string) => `Read ${when}`,
    groups: 'What needs somebody',
    allWell: 'All calendars are read. Nothing to do.',
    affected: (n: number) => (n === 1 ? '1 person' : `${n} people`),
    credential: 'Credential',
    daysLeft: (n: number) => (n === 1 ? '1 day left' : `${n} days left`),
    check: 'Read now',
    checking: 'Being read …'
  },
  dialog: { close: 'Close', cancel: 'Cancel', typeName: (name: string) => `Type “${name}” to go on` },
  copy: { copy: (what: string) => `Copy: ${what}`, copied: 'Copied' },
  errors: {
    title: 'That did not work',
    retry: 'Try again',
    unreachable: 'The service does not answer. It is tried again by itself.',
    notFound: 'There is no such page.',
    load: 'This could not be loaded.'
  }
}

/** Any text, or function of texts, in the place of the English one. */
export type Widened<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widened<T[K]> }

export type Texts = Widened<typeof en>
