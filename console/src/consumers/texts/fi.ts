/** What the page of consumers says, in Finnish. */
import type { Widened } from '../../i18n/en.ts'
import type { en } from './en.ts'

export const fi: Widened<typeof en> = {
  title: 'Vastaanottajat',
  lead: 'Vaihteet ja ohjelmat, joille tilat lähetetään heti niiden muuttuessa. Itse kysyvä tarvitsee vain avaimen.',
  none: 'Tiloja ei lähetetä vielä minnekään. Lisää vaihde tai oma ohjelma.',
  add: 'Lisää vastaanottaja',
  edit: 'Muokkaa',
  save: 'Tallenna',
  saved: (id) => `${id} on tallennettu.`,
  columns: {
    consumer: 'Vastaanottaja',
    state: 'Tila',
    lag: 'Jäljessä',
    users: 'Käyttäjät',
    actions: 'Toiminnot'
  },
  kinds: {
    http: { name: 'HTTP', text: 'Reseptillä, lisätty API:n kautta.' },
    webhook: { name: 'Webhook', text: 'Tilat lähetetään allekirjoitettuna JSONina omaan ohjelmaan.' },
    sip: {
      name: 'SIP-läsnäolo',
      text: 'Kamailio, OpenSIPS tai FreeSWITCH: puhelinten teksti ja merkkivalot.'
    },
    asterisk: {
      name: 'Asterisk',
      text: 'Asterisk tai FreePBX: teksti, merkkivalot ja valintasuunnitelman tiedot.'
    }
  },
  states: {
    unverified: 'Ei vielä kokeiltu',
    active: 'Vastaanottaa',
    failing: 'Epäonnistuu, yritetään uudelleen',
    refused: 'Kieltäytyy',
    disabled: 'Luovuttu',
    paused: 'Keskeytetty'
  },
  lag: (seconds) => {
    if (seconds === 0) return 'Ei yhtään'
    if (seconds < 120) return `${seconds} s`
    return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} t`
  },
  took: (when) => `Vastaanotti ${when}`,
  neverTook: 'Ei ole vielä vastaanottanut mitään',
  noUsers: 'Ei lasketa',
  has: (n) => (n === 1 ? '1 henkilö' : `${n} henkilöä`),
  troubled: (failed, takenOver) =>
    [failed > 0 ? `${failed} epäonnistui` : '', takenOver > 0 ? `${takenOver} muun asettamia` : '']
      .filter((part) => part !== '')
      .join(', '),
  troubledTitle: (id) => `Keiden tila on väärin: ${id}`,
  takenOver: 'Joku muu on asettanut siellä olevan tilan; siihen ei kosketa.',
  noTrouble: 'Kaikkien tila on oikein.',
  test: 'Testaa',
  testNamed: (id) => `Testaa ${id}`,
  testHelp: 'Samat kutsut kuin lähetettäessä, vaihe vaiheelta. Jälkeenpäin kaikki on ennallaan.',
  testUser: 'Käyttäjän tunnus (muuten ensimmäinen)',
  testing: 'Testataan …',
  steps: {
    post: 'Ottaa vastaan allekirjoitetun kutsun',
    connect: 'Palvelin vastaa ja kirjautuminen onnistuu',
    presence: 'Läsnäolo voidaan asettaa',
    'device-state': 'Merkkivalot voidaan asettaa',
    database: 'Tietokantaan voidaan kirjoittaa',
    'publish-presence': 'Läsnäolo julkaistaan',
    'remove-presence': 'Läsnäolo poistetaan taas',
    'publish-dialog': 'Merkkivalo julkaistaan',
    'remove-dialog': 'Merkkivalo poistetaan taas'
  },
  pause: 'Keskeytä',
  pauseNamed: (id) => `Keskeytä ${id}`,
  paused: (id) => `${id} on keskeytetty: mitään ei enää lähetetä.`,
  resume: 'Jatka',
  resumeNamed: (id) => `Jatka: ${id}`,
  resumed: (id) => `${id} jatkaa kaikkien nykyisillä tiloilla.`,
  again: 'Lähetä kaikki uudelleen',
  sentAgain: (id) => `Kaikki lähetetään uudelleen: ${id}.`,
  moreNamed: (id) => `Lisää: ${id}`,
  remove: 'Poista',
  removeNamed: (id) => `Poista ${id}`,
  removeText:
    'Sinne ei enää lähetetä mitään, ja sen salaisuudet poistetaan. Siellä asetettu jää voimaan ja päättyy itsestään, jos voi.',
  removed: (id) => `${id} on poistettu.`,
  secretOnce: 'Kopioi salaisuus nyt. Se näytetään vain tämän kerran.',
  secretHow: 'Vastaanottaja tarkistaa sillä jokaisen kutsun allekirjoituksen (Standard Webhooks).',
  more: 'Arkaluonteiset ohjaukset, tahti',
  moreSip: 'Kuka julkaisee, kauanko se on voimassa, varmenne',
  moreAsterisk: 'Läsnäolo kullekin ohjaukselle, varmenne',
  parts: {
    text: 'Teksti (presence)',
    presence: 'Teksti (presence)',
    dialog: 'Merkkivalo (dialog)',
    'device-state': 'Merkkivalo (device state Custom:HV…)',
    database: 'Valintasuunnitelman tiedot (hanvisa/…)'
  },
  fields: {
    id: 'Nimi',
    idHelp: 'Lyhyt, ilman välilyöntejä, esimerkiksi ”pbx”. Sitä ei voi muuttaa myöhemmin.',
    url: 'Osoite',
    urlHelp: 'https; uudelleenohjauksia ei seurata.',
    secret: 'Salaisuus',
    secretHelp:
      'Jos kenttä on tyhjä, salaisuus luodaan ja näytetään kerran. Muuten whsec_ ja 24–64 tavua base64-muodossa.',
    previousSecret: 'Tähänastinen salaisuus',
    previousSecretHelp:
      'Silloin jokainen kutsu allekirjoitetaan molemmilla, kunnes tallennat uudelleen: vastaanottaja vaihtaa katkotta.',
    detail: 'Kutsussa on',
    details: { full: 'tilat', thin: 'vain käyttäjien tunnukset; vastaanottaja kysyy loput' },
    proxy: 'Välityspalvelin',
    proxyHelp: 'sips:PALVELIN TLS:llä tai sip:PALVELIN TCP:llä.',
    domain: 'Verkkotunnus',
    domainHelp: 'Käyttäjien osoitteissa @-merkin jälkeen.',
    user: 'Ennen @-merkkiä',
    userHelp: '{extension} tai {user} ympäröivine merkkeineen.',
    account: 'Tili',
    sipAccountHelp: 'Jos kenttä on tyhjä, palvelimen on luotettava Hanvisan osoitteeseen.',
    asteriskAccountHelp: 'Tiedoston manager.conf osio.',
    password: 'Salasana',
    publish: 'Mitä julkaistaan',
    set: 'Mitä asetetaan',
    identity: 'Kuka julkaisee',
    identities: { service: 'Tili, kaikkien puolesta', presentity: 'Kukin käyttäjä (FreeSWITCH)' },
    basic: 'Auki vai kiinni',
    basics: { phone: 'Kuten puhelin on', open: 'Aina auki (FreeSWITCH)' },
    expires: 'Voimassa sekuntia',
    expiresHelp: 'Sen jälkeen puhelimet aukeavat, jos Hanvisa on poissa.',
    ca: 'Myöntäjän varmenne (PEM)',
    caHelp: 'Jos se ei ole julkinen.',
    host: 'Palvelin',
    port: 'Portti',
    portHelp: '5039 TLS:llä, muuten 5038.',
    tls: 'TLS:llä (tlsenable tiedostossa manager.conf)',
    noTls: 'Tili, salasana ja tilat ovat luettavissa matkalla.',
    flavour: 'Järjestelmä',
    forwardTo: 'Minne puhelut menevät, kun puhelin on kiinni',
    forwardToHelp: 'Numero, jossa {extension} tarkoittaa kutakin. Tyhjä: ei minnekään.',
    map: 'Mitä Asteriskille kerrotaan suljetusta puhelimesta',
    mapAdd: 'Lisää ohjaus',
    mapDiversion: 'Ohjaus',
    mapState: (diversion) => `Läsnäolo: ${diversion}`,
    mapRemove: (diversion) => `Jätä pois: ${diversion}`,
    others: 'Kaikki muut',
    whose: 'Kenen tilat',
    everybody: 'Kaikkien',
    some: 'Joidenkin alanumeroiden',
    extensions: 'Alanumerot',
    extensionsHelp: 'Pilkuin erotettuina; 10* on kaikki 10-alkuiset.',
    privacy: 'Kuinka paljon kerrotaan',
    privacies: {
      label: 'Ohjaus ja sen ajat',
      generic: 'Tavoitettavissa vai ei, ja milloin taas',
      'open-closed': 'Vain auki tai kiinni'
    },
    sensitive: 'Sairauspoissaolot ja vastaavat lähetetään sellaisinaan',
    sensitiveHelp: 'Muuten kerrotaan ”ei toimistossa”.',
    perSecond: 'Enintään sekunnissa',
    perSecondHelp: 'Tyhjä: 20.'
  }
}
