/** What the page of keys says, in five languages. */
import type { PageTexts } from '../i18n/page-texts.ts'

const en = {
  title: 'Keys',
  providerTitle: 'Keys of the provider',
  lead: 'Give each system and each person a key of its own: then one can be replaced or taken away without the others.',
  none: 'There is no key yet. Make one for the switch.',
  make: 'Make a key',
  columns: { name: 'Key', role: 'For', used: 'Last used', ends: 'Ends', actions: 'Actions' },
  roles: {
    provider: 'Provider',
    operator: 'Operator',
    switch: 'Switch',
    softphone: 'Softphone',
    business: 'Business system',
    monitor: 'Monitoring'
  },
  opens: {
    provider: 'Everything, of all customers.',
    operator: 'Everything of this customer, and its keys.',
    switch: 'Everybody’s diversion, and setting it by hand.',
    softphone: 'One user’s own diversion, and setting it by hand.',
    business: 'Bookings.',
    monitor: 'Figures for monitoring, and nothing else.'
  },
  sensitiveShort: 'sees sick leave',
  neverUsed: 'Never',
  neverEnds: 'Never',
  ended: 'Has ended',
  daysLeft: (days: number) => (days === 1 ? '1 day left' : `${days} days left`),
  previousUntil: (when: string) => `The key before it is good until ${when}.`,
  name: 'Name',
  nameHelp: 'Which system or person has it, such as “Asterisk in Malmö”.',
  user: 'User id',
  colleagues: 'May see colleagues too, masked',
  sensitive: 'May see diversions such as sick leave as they are',
  sensitiveHelp: 'Else the switch is told “out of office”.',
  endsOn: 'Ends on',
  endsOnHelp: 'Left empty, the key is good until it is revoked.',
  rotate: 'Replace',
  rotateNamed: (name: string) => `Replace the key “${name}”`,
  rotateText:
    'A new key with the same rights is made and shown once. Put it into the system while the old one is still good.',
  overlap: 'The old key stays good for',
  overlapOf: (hours: number) =>
    hours === 0 ? 'no time: it is refused at once' : hours < 48 ? `${hours} hours` : `${hours / 24} days`,
  revoke: 'Revoke',
  revokeNamed: (name: string) => `Revoke the key “${name}”`,
  revokeText: 'Whoever uses this key is refused within five seconds. It cannot be undone.',
  revoked: (name: string) => `The key “${name}” is revoked.`,
  shownOnce: 'Copy the key now. It is shown this once and never again.',
  theKey: 'the key',
  howSent:
    'The system sends it as “Authorization: Bearer KEY”, or as the password of Basic authentication with any user name.',
  haveIt: 'I have copied it'
}

export const keysTexts: PageTexts<typeof en> = {
  en,
  sv: {
    title: 'Nycklar',
    providerTitle: 'Leverantörens nycklar',
    lead: 'Ge varje system och varje person en egen nyckel: då kan en bytas eller tas bort utan de andra.',
    none: 'Det finns ingen nyckel än. Skapa en till växeln.',
    make: 'Skapa nyckel',
    columns: { name: 'Nyckel', role: 'Till', used: 'Senast använd', ends: 'Går ut', actions: 'Åtgärder' },
    roles: {
      provider: 'Leverantör',
      operator: 'Operatör',
      switch: 'Växel',
      softphone: 'Softphone',
      business: 'Verksamhetssystem',
      monitor: 'Övervakning'
    },
    opens: {
      provider: 'Allt, för alla kunder.',
      operator: 'Allt hos den här kunden, och dess nycklar.',
      switch: 'Allas hänvisning, och att sätta den för hand.',
      softphone: 'En användares egen hänvisning, och att sätta den för hand.',
      business: 'Bokningar.',
      monitor: 'Mätvärden för övervakning, inget annat.'
    },
    sensitiveShort: 'ser sjukfrånvaro',
    neverUsed: 'Aldrig',
    neverEnds: 'Aldrig',
    ended: 'Har gått ut',
    daysLeft: (days) => (days === 1 ? '1 dag kvar' : `${days} dagar kvar`),
    previousUntil: (when) => `Den förra nyckeln gäller till ${when}.`,
    name: 'Namn',
    nameHelp: 'Vilket system eller vilken person som har den, till exempel ”Asterisk i Malmö”.',
    user: 'Användarens id',
    colleagues: 'Får se kollegor också, maskerat',
    sensitive: 'Får se hänvisningar som sjukfrånvaro som de är',
    sensitiveHelp: 'Annars får växeln veta ”ej på kontoret”.',
    endsOn: 'Går ut den',
    endsOnHelp: 'Lämnas det tomt gäller nyckeln tills den återkallas.',
    rotate: 'Byt',
    rotateNamed: (name) => `Byt nyckeln ”${name}”`,
    rotateText:
      'En ny nyckel med samma rättigheter skapas och visas en gång. Lägg in den i systemet medan den gamla fortfarande gäller.',
    overlap: 'Den gamla nyckeln gäller i',
    overlapOf: (hours) =>
      hours === 0 ? 'ingen tid: den nekas genast' : hours < 48 ? `${hours} timmar` : `${hours / 24} dagar`,
    revoke: 'Återkalla',
    revokeNamed: (name) => `Återkalla nyckeln ”${name}”`,
    revokeText: 'Den som använder nyckeln nekas inom fem sekunder. Det kan inte ångras.',
    revoked: (name) => `Nyckeln ”${name}” är återkallad.`,
    shownOnce: 'Kopiera nyckeln nu. Den visas den här enda gången.',
    theKey: 'nyckeln',
    howSent:
      'Systemet skickar den som ”Authorization: Bearer NYCKEL”, eller som lösenord i Basic-autentisering med valfritt användarnamn.',
    haveIt: 'Jag har kopierat den'
  },
  da: {
    title: 'Nøgler',
    providerTitle: 'Leverandørens nøgler',
    lead: 'Giv hvert system og hver person sin egen nøgle: så kan én skiftes eller fjernes uden de andre.',
    none: 'Der er ingen nøgle endnu. Opret en til omstillingen.',
    make: 'Opret nøgle',
    columns: { name: 'Nøgle', role: 'Til', used: 'Senest brugt', ends: 'Udløber', actions: 'Handlinger' },
    roles: {
      provider: 'Leverandør',
      operator: 'Operatør',
      switch: 'Omstilling',
      softphone: 'Softphone',
      business: 'Forretningssystem',
      monitor: 'Overvågning'
    },
    opens: {
      provider: 'Alt, for alle kunder.',
      operator: 'Alt hos denne kunde, og dens nøgler.',
      switch: 'Alles viderestilling, og at sætte den manuelt.',
      softphone: 'En brugers egen viderestilling, og at sætte den manuelt.',
      business: 'Bookinger.',
      monitor: 'Måltal til overvågning og intet andet.'
    },
    sensitiveShort: 'ser sygefravær',
    neverUsed: 'Aldrig',
    neverEnds: 'Aldrig',
    ended: 'Er udløbet',
    daysLeft: (days) => (days === 1 ? '1 dag tilbage' : `${days} dage tilbage`),
    previousUntil: (when) => `Den forrige nøgle gælder til ${when}.`,
    name: 'Navn',
    nameHelp: 'Hvilket system eller hvilken person der har den, for eksempel “Asterisk i Malmø”.',
    user: 'Brugerens id',
    colleagues: 'Må også se kolleger, maskeret',
    sensitive: 'Må se viderestillinger som sygefravær, som de er',
    sensitiveHelp: 'Ellers får omstillingen “ikke på kontoret”.',
    endsOn: 'Udløber den',
    endsOnHelp: 'Er feltet tomt, gælder nøglen, til den tilbagekaldes.',
    rotate: 'Skift',
    rotateNamed: (name) => `Skift nøglen “${name}”`,
    rotateText:
      'En ny nøgle med samme rettigheder oprettes og vises én gang. Læg den ind i systemet, mens den gamle stadig gælder.',
    overlap: 'Den gamle nøgle gælder i',
    overlapOf: (hours) =>
      hours === 0 ? 'ingen tid: den afvises straks' : hours < 48 ? `${hours} timer` : `${hours / 24} dage`,
    revoke: 'Tilbagekald',
    revokeNamed: (name) => `Tilbagekald nøglen “${name}”`,
    revokeText: 'Den, der bruger nøglen, afvises inden for fem sekunder. Det kan ikke fortrydes.',
    revoked: (name) => `Nøglen “${name}” er tilbagekaldt.`,
    shownOnce: 'Kopiér nøglen nu. Den vises kun denne ene gang.',
    theKey: 'nøglen',
    howSent:
      'Systemet sender den som “Authorization: Bearer NØGLE” eller som adgangskode i Basic-godkendelse med et vilkårligt brugernavn.',
    haveIt: 'Jeg har kopieret den'
  },
  nb: {
    title: 'Nøkler',
    providerTitle: 'Leverandørens nøkler',
    lead: 'Gi hvert system og hver person sin egen nøkkel: da kan én byttes eller fjernes uten de andre.',
    none: 'Det finnes ingen nøkkel ennå. Lag en til sentralbordet.',
    make: 'Lag nøkkel',
    columns: { name: 'Nøkkel', role: 'Til', used: 'Sist brukt', ends: 'Utløper', actions: 'Handlinger' },
    roles: {
      provider: 'Leverandør',
      operator: 'Operatør',
      switch: 'Sentralbord',
      softphone: 'Softphone',
      business: 'Fagsystem',
      monitor: 'Overvåking'
    },
    opens: {
      provider: 'Alt, for alle kunder.',
      operator: 'Alt hos denne kunden, og nøklene dens.',
      switch: 'Alles viderekobling, og å sette den for hånd.',
      softphone: 'En brukers egen viderekobling, og å sette den for hånd.',
      business: 'Bestillinger.',
      monitor: 'Måltall for overvåking, og ingenting annet.'
    },
    sensitiveShort: 'ser sykefravær',
    neverUsed: 'Aldri',
    neverEnds: 'Aldri',
    ended: 'Er utløpt',
    daysLeft: (days) => (days === 1 ? '1 dag igjen' : `${days} dager igjen`),
    previousUntil: (when) => `Den forrige nøkkelen gjelder til ${when}.`,
    name: 'Navn',
    nameHelp: 'Hvilket system eller hvilken person som har den, for eksempel «Asterisk i Malmö».',
    user: 'Brukerens id',
    colleagues: 'Kan også se kolleger, maskert',
    sensitive: 'Kan se viderekoblinger som sykefravær som de er',
    sensitiveHelp: 'Ellers får sentralbordet «ikke på kontoret».',
    endsOn: 'Utløper den',
    endsOnHelp: 'Står feltet tomt, gjelder nøkkelen til den trekkes tilbake.',
    rotate: 'Bytt',
    rotateNamed: (name) => `Bytt nøkkelen «${name}»`,
    rotateText:
      'En ny nøkkel med samme rettigheter lages og vises én gang. Legg den inn i systemet mens den gamle fortsatt gjelder.',
    overlap: 'Den gamle nøkkelen gjelder i',
    overlapOf: (hours) =>
      hours === 0
        ? 'ingen tid: den avvises med en gang'
        : hours < 48
          ? `${hours} timer`
          : `${hours / 24} dager`,
    revoke: 'Trekk tilbake',
    revokeNamed: (name) => `Trekk tilbake nøkkelen «${name}»`,
    revokeText: 'Den som bruker nøkkelen, avvises innen fem sekunder. Det kan ikke angres.',
    revoked: (name) => `Nøkkelen «${name}» er trukket tilbake.`,
    shownOnce: 'Kopier nøkkelen nå. Den vises bare denne ene gangen.',
    theKey: 'nøkkelen',
    howSent:
      'Systemet sender den som «Authorization: Bearer NØKKEL», eller som passord i Basic-autentisering med et valgfritt brukernavn.',
    haveIt: 'Jeg har kopiert den'
  },
  fi: {
    title: 'Avaimet',
    providerTitle: 'Palveluntarjoajan avaimet',
    lead: 'Anna jokaiselle järjestelmälle ja henkilölle oma avain: silloin yhden voi vaihtaa tai poistaa muihin koskematta.',
    none: 'Avaimia ei ole vielä. Luo avain vaihteelle.',
    make: 'Luo avain',
    columns: {
      name: 'Avain',
      role: 'Kenelle',
      used: 'Viimeksi käytetty',
      ends: 'Päättyy',
      actions: 'Toiminnot'
    },
    roles: {
      provider: 'Palveluntarjoaja',
      operator: 'Operaattori',
      switch: 'Vaihde',
      softphone: 'Ohjelmistopuhelin',
      business: 'Toiminnanohjausjärjestelmä',
      monitor: 'Valvonta'
    },
    opens: {
      provider: 'Kaikkien asiakkaiden kaikki tiedot.',
      operator: 'Tämän asiakkaan kaikki tiedot ja avaimet.',
      switch: 'Kaikkien soitonsiirrot ja niiden asettaminen käsin.',
      softphone: 'Yhden käyttäjän oma soitonsiirto ja sen asettaminen käsin.',
      business: 'Varaukset.',
      monitor: 'Valvonnan tunnusluvut, ei muuta.'
    },
    sensitiveShort: 'näkee sairauspoissaolot',
    neverUsed: 'Ei koskaan',
    neverEnds: 'Ei koskaan',
    ended: 'On päättynyt',
    daysLeft: (days) => (days === 1 ? '1 päivä jäljellä' : `${days} päivää jäljellä`),
    previousUntil: (when) => `Edellinen avain on voimassa: ${when} asti.`,
    name: 'Nimi',
    nameHelp: 'Minkä järjestelmän tai kenen avain se on, esimerkiksi ”Asterisk Malmössä”.',
    user: 'Käyttäjän tunnus',
    colleagues: 'Näkee myös työtoverit peitettyinä',
    sensitive: 'Näkee sairauspoissaolon kaltaiset soitonsiirrot sellaisinaan',
    sensitiveHelp: 'Muuten vaihteelle kerrotaan ”poissa toimistolta”.',
    endsOn: 'Päättyy',
    endsOnHelp: 'Jos kenttä on tyhjä, avain on voimassa, kunnes se perutaan.',
    rotate: 'Vaihda',
    rotateNamed: (name) => `Vaihda avain ”${name}”`,
    rotateText:
      'Uusi avain samoin oikeuksin luodaan ja näytetään kerran. Vie se järjestelmään, kun vanha on vielä voimassa.',
    overlap: 'Vanha avain on voimassa',
    overlapOf: (hours) =>
      hours === 0
        ? 'ei enää: se hylätään heti'
        : hours < 48
          ? `${hours} tuntia`
          : `${hours / 24} vuorokautta`,
    revoke: 'Peru',
    revokeNamed: (name) => `Peru avain ”${name}”`,
    revokeText: 'Avaimen käyttäjä torjutaan viiden sekunnin kuluessa. Perumista ei voi kumota.',
    revoked: (name) => `Avain ”${name}” on peruttu.`,
    shownOnce: 'Kopioi avain nyt. Se näytetään vain tämän kerran.',
    theKey: 'avain',
    howSent:
      'Järjestelmä lähettää sen muodossa ”Authorization: Bearer AVAIN” tai Basic-todennuksen salasanana millä tahansa käyttäjänimellä.',
    haveIt: 'Olen kopioinut sen'
  }
}
