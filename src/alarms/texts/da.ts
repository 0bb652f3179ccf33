/** The messages of alarms in Danish. */
import type { AlarmTexts, TextFacts } from './alarm-texts.ts'

const asOf = ({ tenant, since }: TextFacts) =>
  `Viderestillinger for ${tenant} bygger på kalendere fra ${since}.`
const mailboxes = (count: number) => (count === 1 ? '1 postkasse' : `${count} postkasser`)
const notFollowed = () => 'Disse brugeres viderestillinger følger ikke kalenderen.'
const inDays = (days: number) =>
  days === 0 ? 'inden for et døgn' : days === 1 ? 'om 1 dag' : `om ${days} dage`

export const da: AlarmTexts = {
  locale: 'da-DK',
  causes: {
    secret_expired: {
      title: () => 'adgangen til kalenderne er udløbet',
      meaning: asOf,
      hint: 'Lav en ny hemmelighed, et nyt certifikat eller en ny adgangskode i kalendersystemet, og angiv den i forbindelsen.'
    },
    secret_invalid: {
      title: () => 'kalendersystemet afviser login',
      meaning: asOf,
      hint: 'Hemmeligheden eller adgangskoden er ændret eller skrevet forkert. Angiv den rigtige i forbindelsen.'
    },
    consent_missing: {
      title: () => 'samtykket til at læse kalendere mangler',
      meaning: asOf,
      hint: 'En administrator af kalendersystemet skal give samtykke igen eller tildele rollen igen.'
    },
    unreachable: {
      title: () => 'kalendersystemet kan ikke nås',
      meaning: asOf,
      hint: 'Se efter, om kalendersystemet kører, og om navn, certifikat, firewall eller VPN er ændret.'
    },
    protocol_error: {
      title: () => 'kalendersystemet svarer med fejl',
      meaning: asOf,
      hint: 'Noget andet end kalendersystemet kan svare på forbindelsens adresse. Test forbindelsen.'
    },
    throttled: {
      title: () => 'kalendersystemet vil have færre kald',
      meaning: asOf,
      hint: 'Hæv pollSeconds i forbindelsen, eller lad kalendersystemet tillade tjenestekontoen flere kald.'
    },
    proxy_refused: {
      title: () => 'proxyen spærrer vejen til kalendersystemet',
      meaning: asOf,
      hint: 'Den, der driver proxyen, skal tillade kalendersystemets adresse.'
    },
    clock_wrong: {
      title: () => 'kalendersystemets ur går forkert',
      meaning: asOf,
      hint: 'Stil uret i kalendersystemet eller på maskinen, som Hanvisa kører på (NTP).'
    },
    secret_expires: {
      title: ({ days }) => `adgangen til kalenderne udløber ${inDays(days)}`,
      meaning: ({ tenant, ends }) =>
        `Hvis den ikke fornyes, læses ingen kalendere for ${tenant} fra den ${ends}, og viderestillingerne bliver forkerte.`,
      hint: 'Lav en ny hemmelighed, et nyt certifikat eller en ny adgangskode i kalendersystemet, og angiv den i forbindelsen med dens udløb.'
    },
    application_expires: {
      title: ({ days }) => `hemmeligheden for leverandørens program i Entra udløber ${inDays(days)}`,
      meaning: ({ ends }) =>
        `Hvis den ikke fornyes, læses fra den ${ends} ingen kalendere for kunder, der har godkendt programmet, og viderestillingerne bliver forkerte.`,
      hint: 'Lav en ny klienthemmelighed, eller registrér et nyt certifikat i Entra, og angiv den med HANVISA_ENTRA_CLIENT_SECRET og HANVISA_ENTRA_CLIENT_SECRET_EXPIRES, eller med HANVISA_ENTRA_CLIENT_CERTIFICATE og HANVISA_ENTRA_CLIENT_KEY.'
    },
    stale: {
      title: ({ users, of }) => `${users} af ${of} kalendere er forældede`,
      meaning: ({ tenant, since }) =>
        `Mange viderestillinger for ${tenant} bygger på kalendere fra ${since}.`,
      hint: 'Forbindelsens side viser, hvilke kalendere det er, og hvad der skal gøres.'
    },
    subscriptions_inactive: {
      title: () => 'ændringer i kalendere ses sent',
      meaning: () => 'Viderestillinger følger en ændret kalender efter minutter i stedet for sekunder.',
      hint: 'Underretninger når ikke frem: se efter, om den offentlige adresse kan nås, og om tilladelsen omfatter abonnementer.'
    },
    consumer_refused: {
      title: () => 'omstillingen tager ikke imod viderestillinger',
      meaning: () => 'Den, der ringer, kan få at høre, hvad der gjaldt før.',
      hint: 'Se i listen over modtagende systemer, hvilket det er, og hvad det svarer. Adressen eller hemmeligheden kan være ændret.'
    },
    key_expires: {
      title: ({ days }) => `en API-nøgle udløber ${inDays(days)}`,
      meaning: ({ ends }) => `Omstillingen eller telefonen, som bruger den, afvises fra den ${ends}.`,
      hint: 'Udskift nøglen, og angiv den nye, hvor den gamle bruges.'
    },
    mailbox_unknown: {
      title: ({ users }) => `${mailboxes(users)} findes ikke`,
      meaning: notFollowed,
      hint: 'Ret postkassens adresse, eller slå synkroniseringen fra for brugeren.'
    },
    access_denied: {
      title: ({ users }) => `ingen adgang til ${mailboxes(users)}`,
      meaning: notFollowed,
      hint: 'Giv tjenestekontoen ret til at læse disse kalendere.'
    },
    subject_not_readable: {
      title: ({ users }) => `emner kan ikke læses i ${mailboxes(users)}`,
      meaning: () => 'Ord i emnet viderestiller ingen dér.',
      hint: 'Giv tjenestekontoen rettigheden Korrekturlæser (Reviewer) til disse kalendere.'
    },
    mailbox_twice: {
      title: ({ users }) => `${mailboxes(users)} findes mere end én gang`,
      meaning: notFollowed,
      hint: 'Sørg for, at hver postkasse kun findes over én forbindelse.'
    },
    mailbox_outside: {
      title: ({ users }) => `${mailboxes(users)} uden for det, der må læses`,
      meaning: notFollowed,
      hint: 'Føj postkasserne til gruppen, som programmet må læse.'
    }
  },
  flood: {
    title: ({ what, users }) => `${users} kunder på én gang: ${what}`,
    meaning: ({ since }) => `Disse kunders viderestillinger bygger på kalendere fra omkring ${since}.`,
    hint: 'Så mange på én gang skyldes næppe kunderne: se efter, om Hanvisa når internettet, og driftsstatus hos Microsoft. Kundernes egne meddelelser venter en halv time.'
  },
  resolved: {
    stale: 'kalenderne er opdaterede igen',
    secret_expires: 'adgangen til kalenderne er fornyet',
    application_expires: 'hemmeligheden for leverandørens program i Entra er fornyet',
    flood: (what) => `mange kunder: ${what}`
  },
  time: (hour, minute) => `kl. ${String(hour).padStart(2, '0')}.${minute}`,
  dayAndTime: (day, time) => `den ${day} ${time}`,
  reminder: 'Påmindelse',
  over: 'Løst',
  test: 'Test',
  began: (since) => `Siden ${since}.`,
  ended: (since, until) => `Det varede fra ${since} til ${until}.`,
  affected: (users, of) => `Berørt: ${users} af ${of} brugere.`,
  usersAre: (ids, more) => (more === 0 ? `Brugere: ${ids}.` : `Brugere: ${ids} og ${more} til.`),
  more: (count) => `og ${count} til`,
  details: (url) => `Mere: ${url}`,
  footer: 'Sendt af Hanvisa. Svar læses ikke.',
  digest: {
    subject: 'Dagens oversigt',
    intro: 'Der skal gøres noget ved dette:',
    dropped: (count) => `Meddelelser, der ikke blev sendt, fordi der var for mange: ${count}.`
  },
  code: {
    subject: 'Bekræft, at du vil have alarmer',
    text: (owner, code) =>
      `Hanvisas alarmer for ${owner} skal sendes hertil. Koden er ${code}. Den gælder i 24 timer. Kender du ikke noget til dette, skal du ikke gøre noget.`,
    short: (owner, code) => `${code} er koden til alarmer fra Hanvisa (${owner})`
  },
  testText: 'Dette er en test. Alarmer når frem hertil.',
  provider: 'alle kunder'
}
