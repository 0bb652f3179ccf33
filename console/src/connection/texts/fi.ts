/** The page of the connection in Finnish. */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const fi: Widened<typeof en> = {
  title: 'Yhteys',
  choose: 'Missä kalenterit ovat?',
  kinds: {
    consent: { name: 'Microsoft 365', text: 'Suostumuksella: järjestelmänvalvoja avaa linkin ja hyväksyy.' },
    graph: {
      name: 'Microsoft 365, oma sovellus',
      text: 'Asiakas rekisteröi sovelluksen: kaikki postilaatikot tai vain osa.'
    },
    ews: { name: 'Exchange asiakkaan tiloissa', text: 'Exchange 2007–SE, palvelutilillä.' },
    caldav: { name: 'CalDAV', text: 'SOGo, Radicale, Cyrus, Nextcloud, Baïkal, Zimbra, Kerio ja muut.' },
    ics: { name: 'iCalendar', text: 'Kunkin käyttäjän julkaistu kalenteri tai tiedosto.' }
  },
  otherKind: 'Valitse toinen tapa',
  unsaved: 'Ei tallennettu',
  save: 'Tallenna ja testaa',
  discard: 'Hylkää',
  saved: 'Yhteys on tallennettu. Sitä käytetään tästä lähtien.',
  moved: 'Tämä johtaa muualle kuin ennen: luettu hylätään ja kaikki kalenterit luetaan uudelleen.',
  more: 'Versio, varmenne, lukuväli',
  remove: 'Poista yhteys',
  removeText:
    'Kalentereita ei enää lueta, ja luettu hylätään. Käsin asetetut ja kirjatut poissaolot säilyvät.',
  removed: 'Yhteys on poistettu.',
  states: {
    absent: 'Kalenteria ei ole yhdistetty',
    untried: 'Mitään ei ole vielä luettu',
    working: 'Toimii',
    failing: 'Epäonnistuu kaikilla'
  },
  credentialEnds: (days) =>
    days === 1
      ? 'Kirjautumistieto vanhenee 1 päivän kuluttua.'
      : `Kirjautumistieto vanhenee ${days} päivän kuluttua.`,
  credentialUnknown: 'Kirjautumistiedon päättymistä ei tiedetä. Anna päivä, niin saat varoituksen ajoissa.',
  fields: {
    tenantId: 'Hakemiston (vuokraajan) tunnus',
    tenantIdHelp: 'Kuten Entra sen näyttää, tai vahvistettu toimialue.',
    clientId: 'Sovelluksen (asiakkaan) tunnus',
    credential: 'Kirjautumistieto',
    clientSecret: 'Asiakassalaisuus',
    certificate: 'Varmenne',
    secretValue: 'Asiakassalaisuuden arvo',
    secretHelp: 'Arvo, ei salaisuuden tunnus.',
    secretExpires: 'Vanhenee',
    secretExpiresHelp: 'Päivä, jonka Entra näyttää sen vieressä.',
    certificatePem: 'Varmenne (PEM)',
    certificateHelp: 'Kuten se on rekisteröity sovellukselle.',
    privateKey: 'Yksityinen avain (PEM)',
    privateKeyHelp: 'Ilman tunnuslausetta.',
    cloud: 'Pilvi',
    clouds: {
      global: 'Maailmanlaajuinen',
      usgov: 'US Government',
      dod: 'US Department of Defense',
      china: 'Kiina'
    },
    pollSeconds: 'Sekunteja lukujen välillä',
    server: 'Palvelin',
    byUrl: 'Osoite',
    byAutodiscover: 'Autodiscover',
    byDomain: 'Haetaan DNS:stä',
    ewsUrl: 'EWS:n osoite',
    ewsUrlHelp: 'Päättyy .asmx; se ei ole verkko-Outlookin osoite.',
    autodiscover: 'Jonkin siellä olevan postilaatikon osoite',
    autodiscoverHelp: 'Siitä Autodiscover löytää palvelimen.',
    signIn: 'Kirjautumistapa',
    signIns: { ntlm: 'NTLM (myös Negotiate)', basic: 'Basic', oauth: 'OAuth (moderni hybriditodennus)' },
    account: 'Tili',
    accountHelp: 'TOIMIALUE\\käyttäjä tai käyttäjä@toimialue.',
    password: 'Salasana',
    access: 'Lukutapa',
    accesses: {
      delegate: 'Omin oikeuksin kussakin kalenterissa',
      impersonation: 'Tekeytyminen (impersonation)'
    },
    accessHelp: {
      delegate: 'Muutokset näkyvät seuraavan luvun jälkeen.',
      impersonation: 'Muutokset näkyvät sekunneissa, Exchange 2010 SP1:stä alkaen.'
    },
    version: 'EWS:n versio',
    versionAuto: 'Selvitetään ensimmäisellä kutsulla',
    ca: 'Palvelimen tai sen varmentajan varmenne (PEM)',
    caHelp: 'Jos julkinen varmentaja ei ole myöntänyt sitä.',
    caldavAccess: 'Tilit',
    caldavShared: 'Yksi tili kaikille',
    caldavPerUser: 'Tili kullekin käyttäjälle',
    preset: 'Tuote',
    presetOther: 'Muu',
    domain: 'Toimialue',
    caldavUrl: 'Palvelimen osoite',
    userUrl: 'Käyttäjän kalenterien osoite',
    userUrlHelp: 'Siinä {mailbox}, {user}, {domain} tai {account}. Jos tyhjä, ne etsitään.',
    freeBusyOnly: 'Lue vain varatut ajat, ei aiheita',
    freeBusyOnlyHelp: 'Laukaisusanoilla ei silloin ole mitään täsmättävää.'
  },
  consent: {
    directory: 'Asiakkaan hakemiston (vuokraajan) tunnus Entrassa',
    directoryHelp: 'Silloin mikään muu hakemisto ei voi antaa suostumusta.',
    anyDirectory:
      'Ilman sitä linkki kelpaa mille tahansa hakemistolle: sen haltija päättää, mikä yhdistetään. Anna se vain järjestelmänvalvojalle.',
    onlyProvider: 'Palveluntarjoajan on ensin annettava asiakkaan hakemisto.',
    make: 'Luo linkki järjestelmänvalvojalle',
    link: 'linkki',
    open: 'Olen järjestelmänvalvoja: avaa se',
    until: (when) => `Sitä voi käyttää kerran, ${when} asti.`,
    connected: (directory) => `Yhdistetty: hakemisto ${directory} on antanut suostumuksen.`,
    again: 'Jos suostumus on peruttu tai tarvitaan uusia oikeuksia, luo uusi linkki.'
  },
  test: {
    title: 'Testi',
    run: 'Testaa yhteys',
    running: 'Testataan …',
    help: 'Lukee yhden kalenterin samoilla kutsuilla kuin varsinainen luku. Siitä ei näytetä mitään.',
    user: 'Käyttäjän tunnus (muuten viimeksi luettu)',
    probe: 'Postilaatikko, joka on torjuttava',
    probeHelp: 'Ryhmän ulkopuolelta: osoittaa, että rajaus pitää.',
    saveFirst: 'Tallenna ensin: tallennettu testataan.'
  },
  steps: {
    connection: 'Yhteys on olemassa',
    user: 'On käyttäjä, jolla testata',
    discovery: 'Palvelin löytyy',
    autodiscover: 'Autodiscover löytää palvelimen',
    name: 'Nimi löytyy DNS:stä',
    connect: 'Palvelin vastaa',
    tls: 'Sen varmenteeseen luotetaan',
    address: 'Osoite johtaa perille',
    reach: 'Palvelin vastaa',
    clock: 'Kellot ovat samassa ajassa',
    'sign-in': 'Kirjautuminen',
    consent: 'Sovellus saa lukea kalentereita',
    ews: 'Se on Exchange Web Services',
    rights: 'Tili saa lukea tämän kalenterin',
    impersonation: 'Tili saa tekeytyä sen omistajaksi',
    mailbox: 'Postilaatikko on olemassa ja luettavissa',
    calendar: 'Kalenteri löytyy',
    read: 'Se on kalenteri',
    content: 'Kaikki siitä voitiin lukea',
    subjects: 'Aiheet voidaan lukea',
    probe: 'Toinen postilaatikko torjutaan'
  },
  guide: {
    title: 'Mitä asiakas tekee',
    copyCommands: 'komennot',
    openEntra: 'Avaa Entra-hallintakeskus',
    consent: [
      {
        title: 'Anna hakemisto',
        text: 'Vuokraajan tunnus on Entra-hallintakeskuksen kohdassa Yleiskatsaus. Silloin mikään muu hakemisto ei voi antaa suostumusta vahingossa.'
      },
      {
        title: 'Luo linkki ja lähetä se',
        text: 'Asiakkaan etuoikeutetun roolin järjestelmänvalvojalle tai yleiselle järjestelmänvalvojalle. Se pyytää yhtä oikeutta: kalenterien lukemista.'
      },
      {
        title: 'Järjestelmänvalvoja hyväksyy',
        text: 'Seuraava sivu kertoo, mitä tapahtui. Testaa sitten tässä.'
      }
    ],
    graph: {
      register: 'Rekisteröi sovellus',
      registerText:
        'Sovellusten rekisteröinnit, Uusi rekisteröinti: nimi ja ”Vain tämän organisaatiohakemiston tilit”. Merkitse muistiin sovelluksen (asiakkaan) tunnus ja hakemiston (vuokraajan) tunnus.',
      credential: 'Anna sille kirjautumistieto',
      credentialText:
        'Varmenteet ja salaisuudet: asiakassalaisuus (kopioi sen arvo ja merkitse muistiin päivä, jona se vanhenee) tai mieluummin oman avainparin varmenne.',
      allow: 'Anna sen lukea kalentereita',
      which: 'Mitkä postilaatikot',
      all: 'Kaikki postilaatikot',
      some: 'Osa postilaatikoista',
      allText:
        'API-oikeudet, Microsoft Graph, Sovelluksen oikeudet: Calendars.Read eikä muuta. Sitten järjestelmänvalvoja antaa suostumuksen:',
      adminConsent: 'Anna järjestelmänvalvojan suostumus',
      idsFirst: 'Täytä ensin molemmat tunnukset.',
      noReplyAddress:
        'Microsoft voi sen jälkeen sanoa, ettei vastausosoitetta ole rekisteröity: suostumus on silti annettu.',
      someText:
        'Exchange Online PowerShellissä, Organization Management -ryhmän jäsenenä. Älä anna suostumusta Entrassa: oikeudet lasketaan yhteen, ja silloin kaikki postilaatikot voidaan lukea. Objektitunnus on yrityssovelluksen. Muutos voi viedä kaksi tuntia.',
      objectId: 'Yrityssovelluksen objektitunnus',
      group: 'Sähköpostia käyttävä ryhmä',
      member: 'Postilaatikko siinä',
      outsider: 'Postilaatikko sen ulkopuolella',
      prove:
        'Kaksi viimeistä komentoa katsovat vain näitä oikeuksia. Tämän sivun testi osoittaa sen: anna ulkopuolinen postilaatikko torjuttavaksi.'
    },
    ews: {
      account: 'Luo tili',
      accountText:
        'Asiakkaan hakemistoon, omalla postilaatikolla, jotta sille voi antaa oikeuksia kansioihin, ja pitkällä salasanalla, joka ei vanhene.',
      allow: 'Anna sen lukea kalentereita',
      whichExchange: 'Versio',
      exchange2010: 'Exchange 2010 ja uudemmat',
      exchange2007: 'Exchange 2007',
      reviewerText:
        'Exchange Management Shellissä: Reviewer jokaiseen kalenteriin, kansion nimestä riippumatta. Aja päivittäin uusia postilaatikoita varten; missä oikeus jo on, mikään ei muutu.',
      impersonationText:
        'Exchange Management Shellissä. Rooli sallii myös kirjoittamisen, joten se rajataan ryhmän jäseniin.',
      fullAccess2007Text:
        'Exchange 2007:ssä ei ole komentoa kansioiden oikeuksille: sen sijaan annetaan FullAccess jokaiseen postilaatikkoon.',
      impersonation2007Text:
        'Exchange 2007:ssä ei ole rooleja: sen sijaan annetaan kaksi oikeutta, Client Access -palvelimiin ja tietokantoihin.',
      oauthText:
        'Rekisteröi Entraan sovellus, jolla on Office 365 Exchange Onlinen oikeus full_access_as_app, ja anna järjestelmänvalvojan suostua. Se lukee tekeytymällä.',
      address: 'Selvitä osoite',
      addressText: 'Se päättyy .asmx. Palvelin näyttää sen ja tarjoamansa kirjautumistavat:'
    },
    caldav: [
      {
        title: 'Luo tili, joka saa lukea',
        text: 'Palvelimelle, oikeudella lukea kaikkien käyttäjien kalenterit, ilman kirjoitusoikeutta, jos palvelin erottaa ne.'
      },
      {
        title: 'Anna palvelin ja tili tässä',
        text: 'Salasana lähetetään vain tälle palvelimelle. Kun tuote on valittu, palvelu tietää, missä käyttäjän kalenterit ovat; muuten se etsii ne.'
      },
      {
        title: 'Lisää käyttäjät',
        text: 'Käyttäjän postilaatikko on nimi, jolla palvelin hänet tuntee: käyttäjätunnus tai sähköpostiosoite. Kun jokaisella on oma tili, se on osoite nimineen ja salasanoineen: https://nimi:salasana@palvelin/.'
      }
    ],
    ics: [
      {
        title: 'Julkaise kukin kalenteri',
        text: 'Verkko-Outlook: Asetukset, Kalenteri, Jaetut kalenterit, Julkaise kalenteri, ”Näkee kaikki tiedot”; ota ICS-linkki. Google: kalenterin asetukset, ”Salainen osoite iCal-muodossa”. Nextcloud: kalenterin jakolinkki.'
      },
      {
        title: 'Anna osoite käyttäjän postilaatikoksi',
        text: 'Sen on alettava https://. Se säilytetään kuin salasana, eikä sitä enää näytetä kokonaan. Asiakkaan kansiossa oleva tiedosto annetaan nimellä.'
      },
      {
        title: 'Kerro, kenen se on',
        text: 'Jos kalenteri ei kerro sitä, käyttäjän ”owner”, sähköpostiosoite, auttaa tunnistamaan hylätyt kutsut.'
      }
    ]
  }
}
