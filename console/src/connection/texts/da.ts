/** The page of the connection in Danish. */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const da: Widened<typeof en> = {
  title: 'Forbindelse',
  choose: 'Hvor er kalenderne?',
  kinds: {
    consent: { name: 'Microsoft 365', text: 'Med samtykke: en administrator åbner et link og accepterer.' },
    graph: {
      name: 'Microsoft 365, egen app',
      text: 'Kunden registrerer en app: alle postkasser eller kun nogle.'
    },
    ews: { name: 'Exchange hos kunden', text: 'Exchange 2007 til SE, med en tjenestekonto.' },
    caldav: { name: 'CalDAV', text: 'SOGo, Radicale, Cyrus, Nextcloud, Baïkal, Zimbra, Kerio og andre.' },
    ics: { name: 'iCalendar', text: 'Hver brugers offentliggjorte kalender eller en fil.' }
  },
  otherKind: 'Vælg en anden slags',
  unsaved: 'Ikke gemt',
  save: 'Gem og afprøv',
  discard: 'Kassér',
  saved: 'Forbindelsen er gemt. Den bruges fra nu af.',
  moved: 'Dette fører et andet sted hen end før: det læste kasseres, og alle kalendere læses igen.',
  more: 'Version, certifikat, læseinterval',
  remove: 'Fjern forbindelsen',
  removeText:
    'Kalenderne læses ikke længere, og det læste kasseres. Det, der er sat manuelt, og indtastet fravær bliver.',
  removed: 'Forbindelsen er fjernet.',
  states: {
    absent: 'Ingen kalender er forbundet',
    untried: 'Intet er læst endnu',
    working: 'Virker',
    failing: 'Mislykkes for alle'
  },
  credentialEnds: (days) =>
    days === 1 ? 'Loginoplysningen udløber om 1 dag.' : `Loginoplysningen udløber om ${days} dage.`,
  credentialUnknown:
    'Det vides ikke, hvornår loginoplysningen udløber. Angiv dagen for at blive advaret i tide.',
  fields: {
    tenantId: 'Mappe-id (lejer)',
    tenantIdHelp: 'Som Entra viser det, eller et bekræftet domæne.',
    clientId: 'Program-id (klient)',
    credential: 'Loginoplysning',
    clientSecret: 'Klienthemmelighed',
    certificate: 'Certifikat',
    secretValue: 'Klienthemmelighedens værdi',
    secretHelp: 'Værdien, ikke hemmelighedens id.',
    secretExpires: 'Udløber den',
    secretExpiresHelp: 'Den dag, som Entra viser ved siden af.',
    certificatePem: 'Certifikat (PEM)',
    certificateHelp: 'Som det er registreret for appen.',
    privateKey: 'Privat nøgle (PEM)',
    privateKeyHelp: 'Uden adgangssætning.',
    cloud: 'Sky',
    clouds: { global: 'Global', usgov: 'US Government', dod: 'US Department of Defense', china: 'Kina' },
    pollSeconds: 'Sekunder mellem læsninger',
    server: 'Server',
    byUrl: 'Adresse',
    byAutodiscover: 'Autodiscover',
    byDomain: 'Findes via DNS',
    ewsUrl: 'Adresse på EWS',
    ewsUrlHelp: 'Ender på .asmx; det er ikke adressen på Outlook på internettet.',
    autodiscover: 'Adresse på en postkasse der',
    autodiscoverHelp: 'Ud fra den finder Autodiscover serveren.',
    signIn: 'Logger ind med',
    signIns: { ntlm: 'NTLM (også Negotiate)', basic: 'Basic', oauth: 'OAuth (moderne hybridgodkendelse)' },
    account: 'Konto',
    accountHelp: 'DOMÆNE\\bruger eller bruger@domæne.',
    password: 'Adgangskode',
    access: 'Læser gennem',
    accesses: {
      delegate: 'Sine rettigheder i hver kalender',
      impersonation: 'Repræsentation (impersonation)'
    },
    accessHelp: {
      delegate: 'Ændringer ses efter en læsning.',
      impersonation: 'Ændringer ses inden for sekunder, fra Exchange 2010 SP1.'
    },
    version: 'Version af EWS',
    versionAuto: 'Findes ved det første kald',
    ca: 'Serverens eller dens udsteders certifikat (PEM)',
    caHelp: 'Hvor ingen offentlig udsteder har udstedt det.',
    caldavAccess: 'Konti',
    caldavShared: 'Én konto for alle',
    caldavPerUser: 'En konto pr. bruger',
    preset: 'Produkt',
    presetOther: 'Et andet',
    domain: 'Domæne',
    caldavUrl: 'Serverens adresse',
    userUrl: 'Adresse på en brugers kalendere',
    userUrlHelp: 'Med {mailbox}, {user}, {domain} eller {account} i. Er feltet tomt, søges de frem.',
    freeBusyOnly: 'Læs kun optagne tider, uden emner',
    freeBusyOnlyHelp: 'Triggerord har da intet at passe på.'
  },
  consent: {
    directory: 'Kundens mappe-id (lejer) i Entra',
    directoryHelp: 'Så kan intet andet katalog give samtykke.',
    anyDirectory:
      'Uden det gælder linket for ethvert katalog: den, der har det, afgør, hvilket der forbindes. Giv det kun til administratoren.',
    onlyProvider: 'Leverandøren skal først angive kundens katalog.',
    make: 'Lav linket til administratoren',
    link: 'linket',
    open: 'Jeg er administratoren: åbn det',
    until: (when) => `Det kan bruges én gang, til ${when}.`,
    connected: (directory) => `Forbundet: kataloget ${directory} har givet samtykke.`,
    again: 'Er samtykket trukket tilbage, eller kræves nye tilladelser, så lav et nyt link.'
  },
  test: {
    title: 'Afprøvning',
    run: 'Afprøv forbindelsen',
    running: 'Afprøves …',
    help: 'Læser én kalender med de samme kald som læsningen. Intet af den vises.',
    user: 'Brugerens id (ellers den, der sidst kunne læses)',
    probe: 'En postkasse, der skal afvises',
    probeHelp: 'En uden for gruppen: viser, at begrænsningen holder.',
    saveFirst: 'Gem først: det gemte afprøves.'
  },
  steps: {
    connection: 'Der er en forbindelse',
    user: 'Der er en bruger at afprøve med',
    discovery: 'Serveren findes',
    autodiscover: 'Autodiscover finder serveren',
    name: 'Navnet findes i DNS',
    connect: 'Serveren svarer',
    tls: 'Dens certifikat er betroet',
    address: 'Adressen fører derhen',
    reach: 'Serveren svarer',
    clock: 'Urene stemmer overens',
    'sign-in': 'Login',
    consent: 'Appen må læse kalendere',
    ews: 'Det er Exchange Web Services',
    rights: 'Kontoen må læse denne kalender',
    impersonation: 'Kontoen må optræde som dens ejer',
    mailbox: 'Postkassen findes og kan læses',
    calendar: 'Kalenderen findes',
    read: 'Det er en kalender',
    content: 'Alt i den kunne læses',
    subjects: 'Emner kan læses',
    probe: 'En anden postkasse afvises'
  },
  guide: {
    title: 'Hvad kunden gør',
    copyCommands: 'kommandoerne',
    openEntra: 'Åbn Entra Administration',
    consent: [
      {
        title: 'Angiv kataloget',
        text: 'Lejerens id står i Entra Administration under Oversigt. Så kan intet andet katalog give samtykke ved en fejl.'
      },
      {
        title: 'Lav linket og send det',
        text: 'Til en administrator af privilegerede roller eller global administrator hos kunden. Det beder om én tilladelse: at læse kalendere.'
      },
      { title: 'Administratoren accepterer', text: 'Siden bagefter siger, hvad der skete. Afprøv så her.' }
    ],
    graph: {
      register: 'Registrér appen',
      registerText:
        'Appregistreringer, Ny registrering: et navn og “Kun konti i denne organisationsmappe”. Notér program-id (klient) og mappe-id (lejer).',
      credential: 'Giv den en loginoplysning',
      credentialText:
        'Certifikater og hemmeligheder: en klienthemmelighed (kopiér dens værdi, og notér dagen, hvor den udløber), eller bedre certifikatet til et eget nøglepar.',
      allow: 'Lad den læse kalendere',
      which: 'Hvilke postkasser',
      all: 'Alle postkasser',
      some: 'Nogle postkasser',
      allText:
        'API-tilladelser, Microsoft Graph, Programtilladelser: Calendars.Read og intet andet. Så giver en administrator samtykke:',
      adminConsent: 'Giv administratorsamtykke',
      idsFirst: 'Udfyld begge id’er først.',
      noReplyAddress:
        'Microsoft kan bagefter sige, at ingen svaradresse er registreret: samtykket er givet alligevel.',
      someText:
        'I Exchange Online PowerShell, som medlem af Organization Management. Giv intet samtykke i Entra: tilladelser lægges sammen, og med det kan alle postkasser læses. Objekt-id er virksomhedsprogrammets. En ændring kan tage to timer.',
      objectId: 'Virksomhedsprogrammets objekt-id',
      group: 'Mailaktiveret gruppe',
      member: 'En postkasse i den',
      outsider: 'En postkasse uden for den',
      prove:
        'De to sidste kommandoer ser kun på disse rettigheder. Afprøvningen her viser det sikkert: angiv postkassen udenfor som en, der skal afvises.'
    },
    ews: {
      account: 'Opret en konto',
      accountText:
        'I kundens katalog, med sin egen postkasse, så den kan få rettigheder i mapper, og en lang adgangskode, der ikke udløber.',
      allow: 'Lad den læse kalendere',
      whichExchange: 'Version',
      exchange2010: 'Exchange 2010 og senere',
      exchange2007: 'Exchange 2007',
      reviewerText:
        'I Exchange Management Shell: Reviewer på hver kalender, uanset hvad mappen hedder. Kør det dagligt for nye postkasser; hvor rettigheden allerede findes, ændres intet.',
      impersonationText:
        'I Exchange Management Shell. Rollen tillader også at skrive, så den begrænses til en gruppes medlemmer.',
      fullAccess2007Text:
        'Exchange 2007 har ingen kommando til rettigheder i mapper: FullAccess på hver postkasse træder i stedet.',
      impersonation2007Text:
        'Exchange 2007 har ingen roller: to rettigheder, på klientadgangsserverne og på databaserne, træder i stedet.',
      oauthText:
        'Registrér en app i Entra med tilladelsen full_access_as_app til Office 365 Exchange Online, og lad en administrator give samtykke. Den læser ved repræsentation.',
      address: 'Find adressen',
      addressText: 'Den ender på .asmx. Serveren viser den og de loginmetoder, den tilbyder:'
    },
    caldav: [
      {
        title: 'Opret en konto, der må læse',
        text: 'På serveren, med ret til at læse alle brugeres kalendere, og ikke til at skrive, hvor serveren kan skelne.'
      },
      {
        title: 'Angiv serveren og kontoen her',
        text: 'Adgangskoden sendes kun til denne vært. Med et produkt valgt ved tjenesten, hvor en brugers kalendere er; ellers leder den efter dem.'
      },
      {
        title: 'Indtast brugerne',
        text: 'En brugers postkasse er det navn, serveren kender: login, ellers e-mailadressen. Med en konto pr. bruger er det adressen med navn og adgangskode: https://navn:adgangskode@server/.'
      }
    ],
    ics: [
      {
        title: 'Offentliggør hver kalender',
        text: 'Outlook på internettet: Indstillinger, Kalender, Delte kalendere, Udgiv en kalender, “Kan se alle detaljer”; tag ICS-linket. Google: kalenderens indstillinger, “Hemmelig adresse i iCal-format”. Nextcloud: kalenderens delingslink.'
      },
      {
        title: 'Indtast adressen som brugerens postkasse',
        text: 'Den skal begynde med https://. Den opbevares som en adgangskode og vises aldrig hel igen. En fil i kundens mappe angives ved sit navn.'
      },
      {
        title: 'Sig, hvis den er',
        text: 'Hvor kalenderen ikke siger det, gør brugerens “owner”, en e-mailadresse, at afviste invitationer kan kendes.'
      }
    ]
  }
}
