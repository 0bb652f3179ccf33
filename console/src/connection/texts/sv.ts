/** The page of the connection in Swedish. */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const sv: Widened<typeof en> = {
  title: 'Anslutning',
  choose: 'Var finns kalendrarna?',
  kinds: {
    consent: {
      name: 'Microsoft 365',
      text: 'Med medgivande: en administratör öppnar en länk och godkänner.'
    },
    graph: {
      name: 'Microsoft 365, egen app',
      text: 'Kunden registrerar en app: alla brevlådor, eller bara några.'
    },
    ews: { name: 'Exchange hos kunden', text: 'Exchange 2007 till SE, med ett tjänstkonto.' },
    caldav: { name: 'CalDAV', text: 'SOGo, Radicale, Cyrus, Nextcloud, Baïkal, Zimbra, Kerio och andra.' },
    ics: { name: 'iCalendar', text: 'Varje användares publicerade kalender, eller en fil.' }
  },
  otherKind: 'Välj ett annat slag',
  unsaved: 'Inte sparat',
  save: 'Spara och prova',
  discard: 'Kasta',
  saved: 'Anslutningen är sparad. Den används från och med nu.',
  moved: 'Detta leder någon annanstans än förut: det lästa kastas, och alla kalendrar läses om.',
  more: 'Version, certifikat, läsintervall',
  remove: 'Ta bort anslutningen',
  removeText:
    'Kalendrarna läses inte längre, och det lästa kastas. Det som satts för hand och inlagd frånvaro finns kvar.',
  removed: 'Anslutningen är borttagen.',
  states: {
    absent: 'Ingen kalender är ansluten',
    untried: 'Inget är läst än',
    working: 'Fungerar',
    failing: 'Misslyckas för alla'
  },
  credentialEnds: (days) =>
    days === 1 ? 'Inloggningsuppgiften går ut om 1 dag.' : `Inloggningsuppgiften går ut om ${days} dagar.`,
  credentialUnknown: 'Det är inte känt när inloggningsuppgiften går ut. Ange dagen för att varnas i tid.',
  fields: {
    tenantId: 'Katalog-id (klientorganisation)',
    tenantIdHelp: 'Som Entra visar det, eller en verifierad domän.',
    clientId: 'Program-id (klient)',
    credential: 'Inloggningsuppgift',
    clientSecret: 'Klienthemlighet',
    certificate: 'Certifikat',
    secretValue: 'Klienthemlighetens värde',
    secretHelp: 'Värdet, inte hemlighetens id.',
    secretExpires: 'Går ut den',
    secretExpiresHelp: 'Dagen som Entra visar bredvid.',
    certificatePem: 'Certifikat (PEM)',
    certificateHelp: 'Som det är registrerat för appen.',
    privateKey: 'Privat nyckel (PEM)',
    privateKeyHelp: 'Utan lösenfras.',
    cloud: 'Moln',
    clouds: { global: 'Globalt', usgov: 'US Government', dod: 'US Department of Defense', china: 'Kina' },
    pollSeconds: 'Sekunder mellan läsningar',
    server: 'Server',
    byUrl: 'Adress',
    byAutodiscover: 'Autodiscover',
    byDomain: 'Hittas via DNS',
    ewsUrl: 'Adress till EWS',
    ewsUrlHelp: 'Slutar på .asmx; det är inte adressen till Outlook på webben.',
    autodiscover: 'Adress till någon brevlåda där',
    autodiscoverHelp: 'Från den hittar Autodiscover servern.',
    signIn: 'Loggar in med',
    signIns: { ntlm: 'NTLM (även Negotiate)', basic: 'Basic', oauth: 'OAuth (modern hybridautentisering)' },
    account: 'Konto',
    accountHelp: 'DOMÄN\\användare eller användare@domän.',
    password: 'Lösenord',
    access: 'Läser genom',
    accesses: {
      delegate: 'Sina rättigheter i varje kalender',
      impersonation: 'Personifiering (impersonation)'
    },
    accessHelp: {
      delegate: 'Ändringar syns efter en läsning.',
      impersonation: 'Ändringar syns inom sekunder, från Exchange 2010 SP1.'
    },
    version: 'Version av EWS',
    versionAuto: 'Tas reda på vid första anropet',
    ca: 'Serverns eller dess utfärdares certifikat (PEM)',
    caHelp: 'Där ingen offentlig utfärdare har gett ut det.',
    caldavAccess: 'Konton',
    caldavShared: 'Ett konto för alla',
    caldavPerUser: 'Ett konto per användare',
    preset: 'Produkt',
    presetOther: 'En annan',
    domain: 'Domän',
    caldavUrl: 'Serverns adress',
    userUrl: 'Adress till en användares kalendrar',
    userUrlHelp: 'Med {mailbox}, {user}, {domain} eller {account} i. Lämnas det tomt letas de upp.',
    freeBusyOnly: 'Läs bara upptagna tider, utan ämnen',
    freeBusyOnlyHelp: 'Triggerord har då inget att matcha.'
  },
  consent: {
    directory: 'Kundens katalog-id (klientorganisation) i Entra',
    directoryHelp: 'Då kan ingen annan katalog ge medgivande.',
    anyDirectory:
      'Utan det gäller länken vilken katalog som helst: den som har den avgör vilken som ansluts. Ge den bara till administratören.',
    onlyProvider: 'Leverantören behöver ange kundens katalog först.',
    make: 'Skapa länken till administratören',
    link: 'länken',
    open: 'Jag är administratören: öppna den',
    until: (when) => `Den kan användas en gång, till ${when}.`,
    connected: (directory) => `Ansluten: katalogen ${directory} har gett sitt medgivande.`,
    again: 'Om medgivandet har dragits tillbaka, eller nya behörigheter behövs, skapa en ny länk.'
  },
  test: {
    title: 'Prov',
    run: 'Prova anslutningen',
    running: 'Provas …',
    help: 'Läser en kalender med samma anrop som läsningen. Inget av den visas.',
    user: 'Användarens id (annars den som senast kunde läsas)',
    probe: 'En brevlåda som måste nekas',
    probeHelp: 'En utanför gruppen: visar att begränsningen håller.',
    saveFirst: 'Spara först: det sparade provas.'
  },
  steps: {
    connection: 'Det finns en anslutning',
    user: 'Det finns en användare att prova med',
    discovery: 'Servern hittas',
    autodiscover: 'Autodiscover hittar servern',
    name: 'Namnet finns i DNS',
    connect: 'Servern svarar',
    tls: 'Dess certifikat är betrott',
    address: 'Adressen leder dit',
    reach: 'Servern svarar',
    clock: 'Klockorna stämmer överens',
    'sign-in': 'Inloggning',
    consent: 'Appen får läsa kalendrar',
    ews: 'Det är Exchange Web Services',
    rights: 'Kontot får läsa den här kalendern',
    impersonation: 'Kontot får uppträda som dess ägare',
    mailbox: 'Brevlådan finns och kan läsas',
    calendar: 'Kalendern hittas',
    read: 'Det är en kalender',
    content: 'Allt i den kunde läsas',
    subjects: 'Ämnen kan läsas',
    probe: 'En annan brevlåda nekas'
  },
  guide: {
    title: 'Vad kunden gör',
    copyCommands: 'kommandona',
    openEntra: 'Öppna Entras administrationscenter',
    consent: [
      {
        title: 'Ange katalogen',
        text: 'Klientorganisationens id står i Entras administrationscenter under Översikt. Då kan ingen annan katalog ge medgivande av misstag.'
      },
      {
        title: 'Skapa länken och skicka den',
        text: 'Till en privilegierad rolladministratör eller global administratör hos kunden. Den ber om en enda behörighet: att läsa kalendrar.'
      },
      { title: 'Administratören godkänner', text: 'Sidan efteråt säger vad som hände. Prova sedan här.' }
    ],
    graph: {
      register: 'Registrera appen',
      registerText:
        'Appregistreringar, Ny registrering: ett namn, och ”Endast konton i den här organisationskatalogen”. Anteckna program-id (klient) och katalog-id (klientorganisation).',
      credential: 'Ge den en inloggningsuppgift',
      credentialText:
        'Certifikat och hemligheter: en klienthemlighet (kopiera dess värde, och anteckna dagen då den går ut), eller hellre certifikatet till ett eget nyckelpar.',
      allow: 'Låt den läsa kalendrar',
      which: 'Vilka brevlådor',
      all: 'Alla brevlådor',
      some: 'Vissa brevlådor',
      allText:
        'API-behörigheter, Microsoft Graph, Programbehörigheter: Calendars.Read och inget annat. Sedan ger en administratör sitt medgivande:',
      adminConsent: 'Ge administratörsmedgivande',
      idsFirst: 'Fyll i båda id:na först.',
      noReplyAddress:
        'Microsoft kan sedan säga att ingen svarsadress är registrerad: medgivandet är givet ändå.',
      someText:
        'I Exchange Online PowerShell, som medlem av Organization Management. Ge inget medgivande i Entra: behörigheter läggs ihop, och då kan alla brevlådor läsas. Objekt-id är företagsprogrammets. En ändring kan ta två timmar.',
      objectId: 'Företagsprogrammets objekt-id',
      group: 'E-postaktiverad grupp',
      member: 'En brevlåda i den',
      outsider: 'En brevlåda utanför',
      prove:
        'De två sista kommandona ser bara till dessa rättigheter. Provet här visar det säkert: ange brevlådan utanför som en som måste nekas.'
    },
    ews: {
      account: 'Skapa ett konto',
      accountText:
        'I kundens katalog, med en egen brevlåda, så att det kan få rättigheter i mappar, och ett långt lösenord som inte går ut.',
      allow: 'Låt det läsa kalendrar',
      whichExchange: 'Version',
      exchange2010: 'Exchange 2010 och senare',
      exchange2007: 'Exchange 2007',
      reviewerText:
        'I Exchange Management Shell: Reviewer på varje kalender, vad mappen än heter. Kör det dagligen för nya brevlådor; där rättigheten redan finns ändras inget.',
      impersonationText:
        'I Exchange Management Shell. Rollen tillåter även skrivning, så den begränsas till en grupps medlemmar.',
      fullAccess2007Text:
        'Exchange 2007 har inget kommando för rättigheter i mappar: FullAccess på varje brevlåda tar deras plats.',
      impersonation2007Text:
        'Exchange 2007 har inga roller: två rättigheter, på klientåtkomstservrarna och på databaserna, tar deras plats.',
      oauthText:
        'Registrera en app i Entra med behörigheten full_access_as_app för Office 365 Exchange Online, och låt en administratör ge sitt medgivande. Den läser genom personifiering.',
      address: 'Ta reda på adressen',
      addressText: 'Den slutar på .asmx. Servern visar den, och de inloggningssätt som den erbjuder:'
    },
    caldav: [
      {
        title: 'Skapa ett konto som får läsa',
        text: 'På servern, med rätt att läsa alla användares kalendrar, och inte skriva där servern kan skilja på det.'
      },
      {
        title: 'Ange servern och kontot här',
        text: 'Lösenordet skickas bara till den värden. Med en produkt vald vet tjänsten var en användares kalendrar finns; annars letar den upp dem.'
      },
      {
        title: 'Lägg in användarna',
        text: 'En användares brevlåda är namnet som servern känner till: inloggningsnamnet, annars e-postadressen. Med ett konto per användare är det adressen med namn och lösenord: https://namn:lösenord@server/.'
      }
    ],
    ics: [
      {
        title: 'Publicera varje kalender',
        text: 'Outlook på webben: Inställningar, Kalender, Delade kalendrar, Publicera en kalender, ”Kan visa all information”; ta ICS-länken. Google: kalenderns inställningar, ”Hemlig adress i iCal-format”. Nextcloud: kalenderns delningslänk.'
      },
      {
        title: 'Ange adressen som användarens brevlåda',
        text: 'Den måste börja med https://. Den förvaras som ett lösenord och visas aldrig hel igen. En fil i kundens mapp anges med sitt namn.'
      },
      {
        title: 'Säg vems den är',
        text: 'Där kalendern inte säger det gör användarens ”owner”, en e-postadress, att avböjda inbjudningar känns igen.'
      }
    ]
  }
}
