/** The messages of alarms in Swedish. */
import type { AlarmTexts, TextFacts } from './alarm-texts.ts'

const asOf = ({ tenant, since }: TextFacts) => `Hänvisningar för ${tenant} bygger på kalendrar från ${since}.`
const mailboxes = (count: number) => (count === 1 ? '1 brevlåda' : `${count} brevlådor`)
const notFollowed = () => 'De här användarnas hänvisningar följer inte kalendern.'
const inDays = (days: number) => (days === 0 ? 'inom ett dygn' : days === 1 ? 'om 1 dag' : `om ${days} dagar`)

export const sv: AlarmTexts = {
  locale: 'sv-SE',
  causes: {
    secret_expired: {
      title: () => 'inloggningen till kalendrarna har gått ut',
      meaning: asOf,
      hint: 'Skapa en ny hemlighet, ett nytt certifikat eller lösenord i kalendersystemet och ange det i anslutningen.'
    },
    secret_invalid: {
      title: () => 'kalendersystemet nekar inloggningen',
      meaning: asOf,
      hint: 'Hemligheten eller lösenordet har ändrats eller skrivits fel. Ange det rätta i anslutningen.'
    },
    consent_missing: {
      title: () => 'godkännandet att läsa kalendrar saknas',
      meaning: asOf,
      hint: 'En administratör för kalendersystemet behöver godkänna igen, eller tilldela rollen igen.'
    },
    unreachable: {
      title: () => 'kalendersystemet kan inte nås',
      meaning: asOf,
      hint: 'Kontrollera att kalendersystemet är i gång, och om namn, certifikat, brandvägg eller VPN har ändrats.'
    },
    protocol_error: {
      title: () => 'kalendersystemet svarar med fel',
      meaning: asOf,
      hint: 'Något annat än kalendersystemet kan svara på anslutningens adress. Testa anslutningen.'
    },
    throttled: {
      title: () => 'kalendersystemet vill ha färre anrop',
      meaning: asOf,
      hint: 'Höj pollSeconds i anslutningen, eller låt kalendersystemet tillåta tjänstekontot fler anrop.'
    },
    proxy_refused: {
      title: () => 'proxyn stoppar vägen till kalendersystemet',
      meaning: asOf,
      hint: 'Den som sköter proxyn behöver tillåta kalendersystemets adress.'
    },
    clock_wrong: {
      title: () => 'kalendersystemets klocka går fel',
      meaning: asOf,
      hint: 'Ställ klockan i kalendersystemet, eller på maskinen som Hanvisa körs på (NTP).'
    },
    secret_expires: {
      title: ({ days }) => `inloggningen till kalendrarna går ut ${inDays(days)}`,
      meaning: ({ tenant, ends }) =>
        `Om den inte förnyas läses inga kalendrar för ${tenant} från den ${ends}, och hänvisningarna blir fel.`,
      hint: 'Skapa en ny hemlighet, ett nytt certifikat eller lösenord i kalendersystemet och ange det i anslutningen med dess slutdatum.'
    },
    application_expires: {
      title: ({ days }) => `hemligheten för leverantörens program i Entra går ut ${inDays(days)}`,
      meaning: ({ ends }) =>
        `Om den inte förnyas läses från den ${ends} inga kalendrar för kunder som godkänt programmet, och hänvisningarna blir fel.`,
      hint: 'Skapa en ny klienthemlighet eller registrera ett nytt certifikat i Entra och ange den med HANVISA_ENTRA_CLIENT_SECRET och HANVISA_ENTRA_CLIENT_SECRET_EXPIRES, eller med HANVISA_ENTRA_CLIENT_CERTIFICATE och HANVISA_ENTRA_CLIENT_KEY.'
    },
    stale: {
      title: ({ users, of }) => `${users} av ${of} kalendrar är inaktuella`,
      meaning: ({ tenant, since }) => `Många hänvisningar för ${tenant} bygger på kalendrar från ${since}.`,
      hint: 'Anslutningens sida visar vilka kalendrar det gäller och vad som ska göras.'
    },
    subscriptions_inactive: {
      title: () => 'ändringar i kalendrar syns sent',
      meaning: () => 'Hänvisningar följer en ändrad kalender efter minuter i stället för sekunder.',
      hint: 'Aviseringar kommer inte fram: kontrollera att den publika adressen kan nås och att behörigheten medger prenumerationer.'
    },
    consumer_refused: {
      title: () => 'växeln tar inte emot hänvisningar',
      meaning: () => 'Den som ringer kan få höra det som gällde tidigare.',
      hint: 'Se i listan över mottagande system vilket det är och vad det svarar. Adressen eller hemligheten kan ha ändrats.'
    },
    key_expires: {
      title: ({ days }) => `en API-nyckel går ut ${inDays(days)}`,
      meaning: ({ ends }) => `Växeln eller telefonen som använder den nekas från den ${ends}.`,
      hint: 'Byt nyckeln och ange den nya där den gamla används.'
    },
    mailbox_unknown: {
      title: ({ users }) => `${mailboxes(users)} hittas inte`,
      meaning: notFollowed,
      hint: 'Rätta brevlådans adress, eller stäng av synkningen för användaren.'
    },
    access_denied: {
      title: ({ users }) => `ingen åtkomst till ${mailboxes(users)}`,
      meaning: notFollowed,
      hint: 'Ge tjänstekontot rätt att läsa de här kalendrarna.'
    },
    subject_not_readable: {
      title: ({ users }) => `ämnen kan inte läsas i ${mailboxes(users)}`,
      meaning: () => 'Ord i ämnet hänvisar ingen där.',
      hint: 'Ge tjänstekontot rättigheten Granskare (Reviewer) till de här kalendrarna.'
    },
    mailbox_twice: {
      title: ({ users }) => `${mailboxes(users)} hittas mer än en gång`,
      meaning: notFollowed,
      hint: 'Se till att varje brevlåda bara hittas över en anslutning.'
    },
    mailbox_outside: {
      title: ({ users }) => `${mailboxes(users)} utanför det som får läsas`,
      meaning: notFollowed,
      hint: 'Lägg till brevlådorna i gruppen som programmet får läsa.'
    }
  },
  flood: {
    title: ({ what, users }) => `${users} kunder samtidigt: ${what}`,
    meaning: ({ since }) => `De här kundernas hänvisningar bygger på kalendrar från omkring ${since}.`,
    hint: 'Så många på en gång beror knappast på kunderna: kontrollera att Hanvisa når internet, och driftläget hos Microsoft. Kundernas egna meddelanden väntar en halvtimme.'
  },
  resolved: {
    stale: 'kalendrarna är aktuella igen',
    secret_expires: 'inloggningen till kalendrarna är förnyad',
    application_expires: 'hemligheten för leverantörens program i Entra är förnyad',
    flood: (what) => `många kunder: ${what}`
  },
  time: (hour, minute) => `kl. ${String(hour).padStart(2, '0')}.${minute}`,
  dayAndTime: (day, time) => `den ${day} ${time}`,
  reminder: 'Påminnelse',
  over: 'Löst',
  test: 'Test',
  began: (since) => `Sedan ${since}.`,
  ended: (since, until) => `Det varade från ${since} till ${until}.`,
  affected: (users, of) => `Berörda: ${users} av ${of} användare.`,
  usersAre: (ids, more) => (more === 0 ? `Användare: ${ids}.` : `Användare: ${ids} och ${more} till.`),
  more: (count) => `och ${count} till`,
  details: (url) => `Mer: ${url}`,
  footer: 'Skickat av Hanvisa. Svar läses inte.',
  digest: {
    subject: 'Dagens sammanfattning',
    intro: 'Det här behöver åtgärdas:',
    dropped: (count) => `Meddelanden som inte skickades för att de var för många: ${count}.`
  },
  code: {
    subject: 'Bekräfta att du vill ha larm',
    text: (owner, code) =>
      `Hanvisas larm för ${owner} ska skickas hit. Koden är ${code}. Den gäller i 24 timmar. Om du inte känner till detta behöver du inte göra något.`,
    short: (owner, code) => `${code} är koden för larm från Hanvisa (${owner})`
  },
  testText: 'Detta är ett test. Larm kommer fram hit.',
  provider: 'alla kunder'
}
