/** The page of the connection in Norwegian. */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const nb: Widened<typeof en> = {
  title: 'Tilkobling',
  choose: 'Hvor er kalenderne?',
  kinds: {
    consent: { name: 'Microsoft 365', text: 'Med samtykke: en administrator åpner en lenke og godtar.' },
    graph: {
      name: 'Microsoft 365, egen app',
      text: 'Kunden registrerer en app: alle postbokser, eller bare noen.'
    },
    ews: { name: 'Exchange hos kunden', text: 'Exchange 2007 til SE, med en tjenestekonto.' },
    caldav: { name: 'CalDAV', text: 'SOGo, Radicale, Cyrus, Nextcloud, Baïkal, Zimbra, Kerio og andre.' },
    ics: { name: 'iCalendar', text: 'Hver brukers publiserte kalender, eller en fil.' }
  },
  otherKind: 'Velg et annet slag',
  unsaved: 'Ikke lagret',
  save: 'Lagre og prøv',
  discard: 'Forkast',
  saved: 'Tilkoblingen er lagret. Den brukes fra nå av.',
  moved: 'Dette fører et annet sted enn før: det leste forkastes, og alle kalendere leses på nytt.',
  more: 'Versjon, sertifikat, leseintervall',
  remove: 'Fjern tilkoblingen',
  removeText:
    'Kalenderne leses ikke lenger, og det leste forkastes. Det som er satt for hånd, og innlagt fravær blir stående.',
  removed: 'Tilkoblingen er fjernet.',
  states: {
    absent: 'Ingen kalender er tilkoblet',
    untried: 'Ingenting er lest ennå',
    working: 'Virker',
    failing: 'Mislykkes for alle'
  },
  credentialEnds: (days) =>
    days === 1 ? 'Påloggingen utløper om 1 dag.' : `Påloggingen utløper om ${days} dager.`,
  credentialUnknown: 'Det er ikke kjent når påloggingen utløper. Oppgi dagen for å bli varslet i tide.',
  fields: {
    tenantId: 'Katalog-ID (leier)',
    tenantIdHelp: 'Slik Entra viser den, eller et bekreftet domene.',
    clientId: 'Program-ID (klient)',
    credential: 'Pålogging',
    clientSecret: 'Klienthemmelighet',
    certificate: 'Sertifikat',
    secretValue: 'Klienthemmelighetens verdi',
    secretHelp: 'Verdien, ikke hemmelighetens ID.',
    secretExpires: 'Utløper den',
    secretExpiresHelp: 'Dagen som Entra viser ved siden av.',
    certificatePem: 'Sertifikat (PEM)',
    certificateHelp: 'Slik det er registrert for appen.',
    privateKey: 'Privat nøkkel (PEM)',
    privateKeyHelp: 'Uten passfrase.',
    cloud: 'Sky',
    clouds: { global: 'Global', usgov: 'US Government', dod: 'US Department of Defense', china: 'Kina' },
    pollSeconds: 'Sekunder mellom lesinger',
    server: 'Server',
    byUrl: 'Adresse',
    byAutodiscover: 'Autodiscover',
    byDomain: 'Finnes via DNS',
    ewsUrl: 'Adressen til EWS',
    ewsUrlHelp: 'Slutter på .asmx; det er ikke adressen til Outlook på nettet.',
    autodiscover: 'Adressen til en postboks der',
    autodiscoverHelp: 'Fra den finner Autodiscover serveren.',
    signIn: 'Logger på med',
    signIns: { ntlm: 'NTLM (også Negotiate)', basic: 'Basic', oauth: 'OAuth (moderne hybridgodkjenning)' },
    account: 'Konto',
    accountHelp: 'DOMENE\\bruker eller bruker@domene.',
    password: 'Passord',
    access: 'Leser gjennom',
    accesses: {
      delegate: 'Sine rettigheter i hver kalender',
      impersonation: 'Representasjon (impersonation)'
    },
    accessHelp: {
      delegate: 'Endringer vises etter en lesing.',
      impersonation: 'Endringer vises innen sekunder, fra Exchange 2010 SP1.'
    },
    version: 'Versjon av EWS',
    versionAuto: 'Finnes ut ved første kall',
    ca: 'Serverens eller utstederens sertifikat (PEM)',
    caHelp: 'Der ingen offentlig utsteder har utstedt det.',
    caldavAccess: 'Kontoer',
    caldavShared: 'Én konto for alle',
    caldavPerUser: 'En konto per bruker',
    preset: 'Produkt',
    presetOther: 'Et annet',
    domain: 'Domene',
    caldavUrl: 'Serverens adresse',
    userUrl: 'Adressen til en brukers kalendere',
    userUrlHelp: 'Med {mailbox}, {user}, {domain} eller {account} i. Står feltet tomt, letes de opp.',
    freeBusyOnly: 'Les bare opptatte tider, uten emner',
    freeBusyOnlyHelp: 'Triggerord har da ingenting å treffe.'
  },
  consent: {
    directory: 'Kundens katalog-ID (leier) i Entra',
    directoryHelp: 'Da kan ingen annen katalog gi samtykke.',
    anyDirectory:
      'Uten den gjelder lenken for enhver katalog: den som har den, avgjør hvilken som kobles til. Gi den bare til administratoren.',
    onlyProvider: 'Leverandøren må først oppgi kundens katalog.',
    make: 'Lag lenken til administratoren',
    link: 'lenken',
    open: 'Jeg er administratoren: åpne den',
    until: (when) => `Den kan brukes én gang, til ${when}.`,
    connected: (directory) => `Tilkoblet: katalogen ${directory} har gitt samtykke.`,
    again: 'Er samtykket trukket tilbake, eller trengs nye tillatelser, så lag en ny lenke.'
  },
  test: {
    title: 'Prøve',
    run: 'Prøv tilkoblingen',
    running: 'Prøves …',
    help: 'Leser én kalender med de samme kallene som lesingen. Ingenting av den vises.',
    user: 'Brukerens id (ellers den som sist kunne leses)',
    probe: 'En postboks som må avvises',
    probeHelp: 'En utenfor gruppen: viser at begrensningen holder.',
    saveFirst: 'Lagre først: det lagrede prøves.'
  },
  steps: {
    connection: 'Det finnes en tilkobling',
    user: 'Det finnes en bruker å prøve med',
    discovery: 'Serveren finnes',
    autodiscover: 'Autodiscover finner serveren',
    name: 'Navnet finnes i DNS',
    connect: 'Serveren svarer',
    tls: 'Sertifikatet er klarert',
    address: 'Adressen fører dit',
    reach: 'Serveren svarer',
    clock: 'Klokkene stemmer overens',
    'sign-in': 'Pålogging',
    consent: 'Appen kan lese kalendere',
    ews: 'Det er Exchange Web Services',
    rights: 'Kontoen kan lese denne kalenderen',
    impersonation: 'Kontoen kan opptre som eieren',
    mailbox: 'Postboksen finnes og kan leses',
    calendar: 'Kalenderen finnes',
    read: 'Det er en kalender',
    content: 'Alt i den kunne leses',
    subjects: 'Emner kan leses',
    probe: 'En annen postboks avvises'
  },
  guide: {
    title: 'Hva kunden gjør',
    copyCommands: 'kommandoene',
    openEntra: 'Åpne administrasjonssenteret for Entra',
    consent: [
      {
        title: 'Oppgi katalogen',
        text: 'Leierens ID står i administrasjonssenteret for Entra under Oversikt. Da kan ingen annen katalog gi samtykke ved en feil.'
      },
      {
        title: 'Lag lenken og send den',
        text: 'Til en administrator for privilegerte roller eller global administrator hos kunden. Den ber om én tillatelse: å lese kalendere.'
      },
      { title: 'Administratoren godtar', text: 'Siden etterpå sier hva som skjedde. Prøv så her.' }
    ],
    graph: {
      register: 'Registrer appen',
      registerText:
        'Appregistreringer, Ny registrering: et navn, og «Kontoer bare i denne organisasjonskatalogen». Noter program-ID (klient) og katalog-ID (leier).',
      credential: 'Gi den en pålogging',
      credentialText:
        'Sertifikater og hemmeligheter: en klienthemmelighet (kopier verdien, og noter dagen den utløper), eller helst sertifikatet til et eget nøkkelpar.',
      allow: 'La den lese kalendere',
      which: 'Hvilke postbokser',
      all: 'Alle postbokser',
      some: 'Noen postbokser',
      allText:
        'API-tillatelser, Microsoft Graph, Programtillatelser: Calendars.Read og ingenting annet. Så gir en administrator samtykke:',
      adminConsent: 'Gi administratorsamtykke',
      idsFirst: 'Fyll inn begge ID-ene først.',
      noReplyAddress:
        'Microsoft kan etterpå si at ingen svaradresse er registrert: samtykket er gitt likevel.',
      someText:
        'I Exchange Online PowerShell, som medlem av Organization Management. Gi ikke samtykke i Entra: tillatelser legges sammen, og med det kan alle postbokser leses. Objekt-ID er virksomhetsprogrammets. En endring kan ta to timer.',
      objectId: 'Virksomhetsprogrammets objekt-ID',
      group: 'E-postaktivert gruppe',
      member: 'En postboks i den',
      outsider: 'En postboks utenfor',
      prove:
        'De to siste kommandoene ser bare på disse rettighetene. Prøven her viser det sikkert: oppgi postboksen utenfor som en som må avvises.'
    },
    ews: {
      account: 'Lag en konto',
      accountText:
        'I kundens katalog, med egen postboks, slik at den kan få rettigheter i mapper, og et langt passord som ikke utløper.',
      allow: 'La den lese kalendere',
      whichExchange: 'Versjon',
      exchange2010: 'Exchange 2010 og nyere',
      exchange2007: 'Exchange 2007',
      reviewerText:
        'I Exchange Management Shell: Reviewer på hver kalender, uansett hva mappen heter. Kjør det daglig for nye postbokser; der rettigheten alt finnes, endres ingenting.',
      impersonationText:
        'I Exchange Management Shell. Rollen tillater også skriving, så den begrenses til medlemmene av en gruppe.',
      fullAccess2007Text:
        'Exchange 2007 har ingen kommando for rettigheter i mapper: FullAccess på hver postboks trer i stedet.',
      impersonation2007Text:
        'Exchange 2007 har ingen roller: to rettigheter, på klienttilgangsserverne og på databasene, trer i stedet.',
      oauthText:
        'Registrer en app i Entra med tillatelsen full_access_as_app for Office 365 Exchange Online, og la en administrator gi samtykke. Den leser ved representasjon.',
      address: 'Finn adressen',
      addressText: 'Den slutter på .asmx. Serveren viser den, og påloggingsmåtene den tilbyr:'
    },
    caldav: [
      {
        title: 'Lag en konto som kan lese',
        text: 'På serveren, med rett til å lese alle brukeres kalendere, og ikke skrive der serveren kan skille.'
      },
      {
        title: 'Oppgi serveren og kontoen her',
        text: 'Passordet sendes bare til denne verten. Med et produkt valgt vet tjenesten hvor en brukers kalendere er; ellers leter den etter dem.'
      },
      {
        title: 'Legg inn brukerne',
        text: 'En brukers postboks er navnet serveren kjenner: påloggingsnavnet, ellers e-postadressen. Med en konto per bruker er det adressen med navn og passord: https://navn:passord@server/.'
      }
    ],
    ics: [
      {
        title: 'Publiser hver kalender',
        text: 'Outlook på nettet: Innstillinger, Kalender, Delte kalendere, Publiser en kalender, «Kan vise alle detaljer»; ta ICS-lenken. Google: kalenderens innstillinger, «Hemmelig adresse i iCal-format». Nextcloud: kalenderens delingslenke.'
      },
      {
        title: 'Legg inn adressen som brukerens postboks',
        text: 'Den må begynne med https://. Den oppbevares som et passord og vises aldri hel igjen. En fil i kundens mappe oppgis med navnet.'
      },
      {
        title: 'Si hvem sin den er',
        text: 'Der kalenderen ikke sier det, gjør brukerens «owner», en e-postadresse, at avslåtte invitasjoner kan kjennes igjen.'
      }
    ]
  }
}
