/** The messages of alarms in Norwegian (bokmål). */
import type { AlarmTexts, TextFacts } from './alarm-texts.ts'

const asOf = ({ tenant, since }: TextFacts) =>
  `Viderekoblinger for ${tenant} bygger på kalendere fra ${since}.`
const mailboxes = (count: number) => (count === 1 ? '1 postboks' : `${count} postbokser`)
const notFollowed = () => 'Viderekoblingene til disse brukerne følger ikke kalenderen.'
const inDays = (days: number) => (days === 0 ? 'innen et døgn' : days === 1 ? 'om 1 dag' : `om ${days} dager`)

export const nb: AlarmTexts = {
  locale: 'nb-NO',
  causes: {
    secret_expired: {
      title: () => 'påloggingen til kalenderne er utløpt',
      meaning: asOf,
      hint: 'Lag en ny hemmelighet, et nytt sertifikat eller passord i kalendersystemet, og oppgi det i tilkoblingen.'
    },
    secret_invalid: {
      title: () => 'kalendersystemet avviser påloggingen',
      meaning: asOf,
      hint: 'Hemmeligheten eller passordet er endret eller skrevet feil. Oppgi det riktige i tilkoblingen.'
    },
    consent_missing: {
      title: () => 'samtykket til å lese kalendere mangler',
      meaning: asOf,
      hint: 'En administrator av kalendersystemet må samtykke på nytt, eller tildele rollen på nytt.'
    },
    unreachable: {
      title: () => 'kalendersystemet kan ikke nås',
      meaning: asOf,
      hint: 'Se om kalendersystemet kjører, og om navn, sertifikat, brannmur eller VPN er endret.'
    },
    protocol_error: {
      title: () => 'kalendersystemet svarer med feil',
      meaning: asOf,
      hint: 'Noe annet enn kalendersystemet kan svare på adressen i tilkoblingen. Test tilkoblingen.'
    },
    throttled: {
      title: () => 'kalendersystemet vil ha færre kall',
      meaning: asOf,
      hint: 'Øk pollSeconds i tilkoblingen, eller la kalendersystemet tillate tjenestekontoen flere kall.'
    },
    proxy_refused: {
      title: () => 'proxyen stenger veien til kalendersystemet',
      meaning: asOf,
      hint: 'Den som drifter proxyen, må tillate adressen til kalendersystemet.'
    },
    clock_wrong: {
      title: () => 'klokken i kalendersystemet går feil',
      meaning: asOf,
      hint: 'Still klokken i kalendersystemet, eller på maskinen som Hanvisa kjører på (NTP).'
    },
    secret_expires: {
      title: ({ days }) => `påloggingen til kalenderne utløper ${inDays(days)}`,
      meaning: ({ tenant, ends }) =>
        `Hvis den ikke fornyes, leses ingen kalendere for ${tenant} fra ${ends}, og viderekoblingene blir feil.`,
      hint: 'Lag en ny hemmelighet, et nytt sertifikat eller passord i kalendersystemet, og oppgi det i tilkoblingen med utløpsdatoen.'
    },
    application_expires: {
      title: ({ days }) => `hemmeligheten for leverandørens program i Entra utløper ${inDays(days)}`,
      meaning: ({ ends }) =>
        `Hvis den ikke fornyes, leses fra ${ends} ingen kalendere for kunder som har godkjent programmet, og viderekoblingene blir feil.`,
      hint: 'Lag en ny klienthemmelighet, eller registrer et nytt sertifikat i Entra, og oppgi den med HANVISA_ENTRA_CLIENT_SECRET og HANVISA_ENTRA_CLIENT_SECRET_EXPIRES, eller med HANVISA_ENTRA_CLIENT_CERTIFICATE og HANVISA_ENTRA_CLIENT_KEY.'
    },
    stale: {
      title: ({ users, of }) => `${users} av ${of} kalendere er utdaterte`,
      meaning: ({ tenant, since }) => `Mange viderekoblinger for ${tenant} bygger på kalendere fra ${since}.`,
      hint: 'Siden for tilkoblingen viser hvilke kalendere det gjelder, og hva som må gjøres.'
    },
    subscriptions_inactive: {
      title: () => 'endringer i kalendere vises sent',
      meaning: () => 'Viderekoblinger følger en endret kalender etter minutter i stedet for sekunder.',
      hint: 'Varsler kommer ikke frem: se om den offentlige adressen kan nås, og om tillatelsen omfatter abonnementer.'
    },
    consumer_refused: {
      title: () => 'sentralen tar ikke imot viderekoblinger',
      meaning: () => 'Den som ringer, kan få høre det som gjaldt før.',
      hint: 'Se i listen over mottakende systemer hvilket det er, og hva det svarer. Adressen eller hemmeligheten kan være endret.'
    },
    key_expires: {
      title: ({ days }) => `en API-nøkkel utløper ${inDays(days)}`,
      meaning: ({ ends }) => `Sentralen eller telefonen som bruker den, avvises fra ${ends}.`,
      hint: 'Bytt nøkkelen, og oppgi den nye der den gamle brukes.'
    },
    mailbox_unknown: {
      title: ({ users }) => `${mailboxes(users)} finnes ikke`,
      meaning: notFollowed,
      hint: 'Rett adressen til postboksen, eller slå av synkroniseringen for brukeren.'
    },
    access_denied: {
      title: ({ users }) => `ingen tilgang til ${mailboxes(users)}`,
      meaning: notFollowed,
      hint: 'Gi tjenestekontoen rett til å lese disse kalenderne.'
    },
    subject_not_readable: {
      title: ({ users }) => `emner kan ikke leses i ${mailboxes(users)}`,
      meaning: () => 'Ord i emnet viderekobler ingen der.',
      hint: 'Gi tjenestekontoen rettigheten Kontrollør (Reviewer) til disse kalenderne.'
    },
    mailbox_twice: {
      title: ({ users }) => `${mailboxes(users)} finnes mer enn én gang`,
      meaning: notFollowed,
      hint: 'Sørg for at hver postboks bare finnes over én tilkobling.'
    },
    mailbox_outside: {
      title: ({ users }) => `${mailboxes(users)} utenfor det som kan leses`,
      meaning: notFollowed,
      hint: 'Legg postboksene til i gruppen som programmet kan lese.'
    }
  },
  flood: {
    title: ({ what, users }) => `${users} kunder samtidig: ${what}`,
    meaning: ({ since }) => `Viderekoblingene til disse kundene bygger på kalendere fra omkring ${since}.`,
    hint: 'Så mange på én gang skyldes neppe kundene: se om Hanvisa når internett, og driftsstatus hos Microsoft. Kundenes egne meldinger venter en halv time.'
  },
  resolved: {
    stale: 'kalenderne er oppdaterte igjen',
    secret_expires: 'påloggingen til kalenderne er fornyet',
    application_expires: 'hemmeligheten for leverandørens program i Entra er fornyet',
    flood: (what) => `mange kunder: ${what}`
  },
  time: (hour, minute) => `kl. ${String(hour).padStart(2, '0')}.${minute}`,
  dayAndTime: (day, time) => `${day} ${time}`,
  reminder: 'Påminnelse',
  over: 'Løst',
  test: 'Test',
  began: (since) => `Siden ${since}.`,
  ended: (since, until) => `Det varte fra ${since} til ${until}.`,
  affected: (users, of) => `Berørt: ${users} av ${of} brukere.`,
  usersAre: (ids, more) => (more === 0 ? `Brukere: ${ids}.` : `Brukere: ${ids} og ${more} til.`),
  more: (count) => `og ${count} til`,
  details: (url) => `Mer: ${url}`,
  footer: 'Sendt av Hanvisa. Svar leses ikke.',
  digest: {
    subject: 'Dagens oppsummering',
    intro: 'Dette må det gjøres noe med:',
    dropped: (count) => `Meldinger som ikke ble sendt fordi det var for mange: ${count}.`
  },
  code: {
    subject: 'Bekreft at du vil ha alarmer',
    text: (owner, code) =>
      `Hanvisas alarmer for ${owner} skal sendes hit. Koden er ${code}. Den gjelder i 24 timer. Hvis du ikke kjenner til dette, trenger du ikke gjøre noe.`,
    short: (owner, code) => `${code} er koden for alarmer fra Hanvisa (${owner})`
  },
  testText: 'Dette er en test. Alarmer kommer frem hit.',
  provider: 'alle kunder'
}
