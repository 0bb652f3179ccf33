/** What the page of the connection says, in English; the other languages have the same keys. */
export const en = {
  title: 'Connection',
  choose: 'Where are the calendars?',
  kinds: {
    consent: { name: 'Microsoft 365', text: 'By consent: an administrator opens a link and accepts.' },
    graph: {
      name: 'Microsoft 365, own application',
      text: 'The customer registers an application: all mailboxes, or some alone.'
    },
    ews: { name: 'Exchange on premises', text: 'Exchange 2007 to SE, with a service account.' },
    caldav: { name: 'CalDAV', text: 'SOGo, Radicale, Cyrus, Nextcloud, Baïkal, Zimbra, Kerio and others.' },
    ics: { name: 'iCalendar', text: 'Each user’s published calendar, or a file.' }
  },
  otherKind: 'Choose another kind',
  unsaved: 'Not saved yet',
  save: 'Save and test',
  discard: 'Discard',
  saved: 'The connection is saved. It is used from now on.',
  moved: 'This leads elsewhere than before: what was read is dropped, and all calendars are read anew.',
  more: 'Version, certificate, polling',
  remove: 'Remove the connection',
  removeText:
    'Calendars are no longer read, and what was read is dropped. What was set by hand and entered absences stay.',
  removed: 'The connection is removed.',
  states: {
    absent: 'No calendar is connected',
    untried: 'Nothing was read yet',
    working: 'Works',
    failing: 'Fails for everybody'
  },
  credentialEnds: (days: number) =>
    days === 1 ? 'The credential ends in 1 day.' : `The credential ends in ${days} days.`,
  credentialUnknown: 'When the credential ends is not known. Enter the day, to be warned in time.',
  fields: {
    tenantId: 'Directory (tenant) id',
    tenantIdHelp: 'As Entra shows it, or a verified domain.',
    clientId: 'Application (client) id',
    credential: 'Credential',
    clientSecret: 'Client secret',
    certificate: 'Certificate',
    secretValue: 'Value of the client secret',
    secretHelp: 'The value, not the secret’s id.',
    secretExpires: 'Expires on',
    secretExpiresHelp: 'The day that Entra shows beside it.',
    certificatePem: 'Certificate (PEM)',
    certificateHelp: 'As it is registered for the application.',
    privateKey: 'Private key (PEM)',
    privateKeyHelp: 'Without a passphrase.',
    cloud: 'Cloud',
    clouds: { global: 'Global', usgov: 'US Government', dod: 'US Department of Defense', china: 'China' },
    pollSeconds: 'Seconds between polls',
    server: 'Server',
    byUrl: 'Address',
    byAutodiscover: 'Autodiscover',
    byDomain: 'Found by DNS',
    ewsUrl: 'Address of EWS',
    ewsUrlHelp: 'Ends in .asmx; it is not the address of Outlook on the web.',
    autodiscover: 'Address of any mailbox there',
    autodiscoverHelp: 'From which Autodiscover finds the server.',
    signIn: 'Signs in by',
    signIns: { ntlm: 'NTLM (also Negotiate)', basic: 'Basic', oauth: 'OAuth (hybrid modern authentication)' },
    account: 'Account',
    accountHelp: 'DOMAIN\\user or user@domain.',
    password: 'Password',
    access: 'Reads by',
    accesses: { delegate: 'Its rights in each calendar', impersonation: 'Impersonation' },
    accessHelp: {
      delegate: 'Edits show after a poll.',
      impersonation: 'Edits show within seconds, from Exchange 2010 SP1 on.'
    },
    version: 'Version of EWS',
    versionAuto: 'Found out at the first call',
    ca: 'Certificate of the server or of its authority (PEM)',
    caHelp: 'Where no public authority issued it.',
    caldavAccess: 'Accounts',
    caldavShared: 'One account for all',
    caldavPerUser: 'An account for each user',
    preset: 'Product',
    presetOther: 'Another',
    domain: 'Domain',
    caldavUrl: 'Address of the server',
    userUrl: 'Address of a user’s calendars',
    userUrlHelp: 'With {mailbox}, {user}, {domain} or {account} in it. Left empty, they are looked for.',
    freeBusyOnly: 'Read busy times alone, without subjects',
    freeBusyOnlyHelp: 'Triggers then have nothing to match.'
  },
  consent: {
    directory: 'The customer’s directory (tenant) id in Entra',
    directoryHelp: 'No other directory can then consent.',
    anyDirectory:
      'Without it the link is good for any directory: whoever holds it decides which one is connected. Give it to nobody but the administrator.',
    onlyProvider: 'The provider has to enter the customer’s directory first.',
    make: 'Make the link for the administrator',
    link: 'the link',
    open: 'I am the administrator: open it',
    until: (when: string) => `It can be used once, until ${when}.`,
    connected: (directory: string) => `Connected: the directory ${directory} has consented.`,
    again: 'If the consent was withdrawn, or new permissions are needed, make a new link.'
  },
  test: {
    title: 'Test',
    run: 'Test connection',
    running: 'Being tested …',
    help: 'Reads one calendar, by the very calls that reading uses. Nothing of it is shown.',
    user: 'User id (or whoever could be read last)',
    probe: 'A mailbox that must be refused',
    probeHelp: 'One outside the group: proves that the limit holds.',
    saveFirst: 'Save first: what is saved is tested.'
  },
  steps: {
    connection: 'There is a connection',
    user: 'There is a user to test with',
    discovery: 'The server is found',
    autodiscover: 'Autodiscover finds the server',
    name: 'The name is found by DNS',
    connect: 'The server answers',
    tls: 'Its certificate is trusted',
    address: 'The address leads there',
    reach: 'The server answers',
    clock: 'The clocks agree',
    'sign-in': 'Sign-in',
    consent: 'The application may read calendars',
    ews: 'It is Exchange Web Services',
    rights: 'The account may read this calendar',
    impersonation: 'The account may impersonate its owner',
    mailbox: 'The mailbox exists and can be read',
    calendar: 'The calendar is found',
    read: 'It is a calendar',
    content: 'All of it could be read',
    subjects: 'Subjects can be read',
    probe: 'Another mailbox is refused'
  },
  guide: {
    title: 'What the customer does',
    copyCommands: 'the commands',
    openEntra: 'Open the Entra admin center',
    consent: [
      {
        title: 'Enter the directory',
        text: 'The tenant id stands in the Entra admin center under Overview. With it no other directory can consent by mistake.'
      },
      {
        title: 'Make the link and send it',
        text: 'To a Privileged Role Administrator or Global Administrator of the customer. It asks for one permission: to read calendars.'
      },
      { title: 'The administrator accepts', text: 'The page after it says what happened. Then test here.' }
    ],
    graph: {
      register: 'Register the application',
      registerText:
        'App registrations, New registration: a name, and “Accounts in this organizational directory only”. Note the application (client) id and the directory (tenant) id.',
      credential: 'Give it a credential',
      credentialText:
        'Certificates & secrets: a client secret (copy its value, and note the day on which it expires), or better the certificate of a key pair of your own.',
      allow: 'Let it read calendars',
      which: 'Which mailboxes',
      all: 'All mailboxes',
      some: 'Some mailboxes',
      allText:
        'API permissions, Microsoft Graph, Application permissions: Calendars.Read and nothing else. Then an administrator consents:',
      adminConsent: 'Grant admin consent',
      idsFirst: 'Enter both ids first.',
      noReplyAddress:
        'Microsoft may then say that no reply address is registered: the consent is given all the same.',
      someText:
        'In Exchange Online PowerShell, as a member of Organization Management. Give no consent in Entra: permissions add up, and with it every mailbox can be read. The object id is that of the enterprise application. A change takes up to two hours.',
      objectId: 'Object id of the enterprise application',
      group: 'Mail-enabled group',
      member: 'A mailbox in it',
      outsider: 'A mailbox outside it',
      prove:
        'The last two commands look at these rights alone. The test below proves it: name the mailbox outside as one that must be refused.'
    },
    ews: {
      account: 'Make an account',
      accountText:
        'In the customer’s directory, with a mailbox of its own, so that it can be given rights in folders, and a long password that does not expire.',
      allow: 'Let it read calendars',
      whichExchange: 'Version',
      exchange2010: 'Exchange 2010 and later',
      exchange2007: 'Exchange 2007',
      reviewerText:
        'In the Exchange Management Shell: Reviewer on every calendar, whatever its folder is called. Run it daily for new mailboxes; where the right is there already, nothing changes.',
      impersonationText:
        'In the Exchange Management Shell. The role permits writing too, so it is limited to the members of a group.',
      fullAccess2007Text:
        'Exchange 2007 has no command for rights in folders: FullAccess on each mailbox takes their place.',
      impersonation2007Text:
        'Exchange 2007 has no roles: two rights, on the Client Access servers and on the databases, take their place.',
      oauthText:
        'Register an application in Entra with the permission full_access_as_app of Office 365 Exchange Online, and let an administrator consent. It reads by impersonation.',
      address: 'Find the address',
      addressText: 'It ends in .asmx. The server shows it, and the methods of sign-in that it offers:'
    },
    caldav: [
      {
        title: 'Make an account that may read',
        text: 'On the server, with the right to read every user’s calendar, and none to write where the server can keep the two apart.'
      },
      {
        title: 'Enter the server and the account here',
        text: 'The password is sent to this host alone. With a product chosen, the service knows where a user’s calendars are; else it looks for them.'
      },
      {
        title: 'Enter the users',
        text: 'A user’s mailbox is the name by which the server knows them: the login, else the e-mail address. With an account for each user it is the address with name and password: https://name:password@server/.'
      }
    ],
    ics: [
      {
        title: 'Publish each calendar',
        text: 'Outlook on the web: Settings, Calendar, Shared calendars, Publish a calendar, “Can view all details”; take the ICS link. Google: the calendar’s settings, “Secret address in iCal format”. Nextcloud: the calendar’s share link.'
      },
      {
        title: 'Enter the address as the user’s mailbox',
        text: 'It must begin with https://. It is kept like a password and never shown whole again. A file in the folder of this customer is entered by its name.'
      },
      {
        title: 'Say whose it is',
        text: 'Where a calendar does not say so, the user’s “owner”, an e-mail address, lets declined invitations be known.'
      }
    ]
  }
}
